#!/usr/bin/env bash
# Builds the stack in an AWS account: init, the plan shown, apply with consent.
# An interrupted deploy is the same run when it is run again.
#
#   YES=1     applies without asking
#   RUN=id    names the run (tag secondwind:run), otherwise one is made
#   TF_VAR_…  or terraform.tfvars: any variable of the stack
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=run.sh
. "$(dirname "${BASH_SOURCE[0]}")/run.sh"

if [[ -n "${RUN:-}" && -n "$(recorded run_id)" && "$RUN" != "$(recorded run_id)" ]]; then
  stop "the run $(recorded run_id) is deployed from here, or was begun: make destroy first, or leave RUN out"
fi
remember run_id "${RUN:-run-$(date -u +%Y%m%d-%H%M%S)-$((RANDOM % 9000 + 1000))}"
if ! variable_is_set region && [[ -n "${AWS_REGION:-${AWS_DEFAULT_REGION:-}}" ]]; then
  export TF_VAR_region="${AWS_REGION:-$AWS_DEFAULT_REGION}"
fi
if ! variable_is_set allowed_cidrs; then
  address="$(curl --silent --fail --max-time 10 "${CHECKIP_URL:-https://checkip.amazonaws.com}" || true)"
  [[ "$address" =~ ^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$ ]] ||
    stop "your public address could not be determined: name who may reach the load balancer, for instance" \
      "TF_VAR_allowed_cidrs='[\"203.0.113.7/32\"]' make deploy"
  remember allowed_cidrs "[\"$address/32\"]"
  report "the load balancer will be open to $address alone, your public address"
fi

tf init -input=false
trap 'rm -f "$folder/deploy.tfplan"' EXIT
tf plan -input=false -out=deploy.tfplan
# The region may stand in any file: only the plan says which one it is.
region="$(tf show -json deploy.tfplan | grep -o '"region":{"value":"[a-z0-9-]*"' | head -n 1 | cut -d '"' -f 6)"
remember region "$region"
report "run $(recorded run_id) in $region"
"$SECONDWIND" cost --region "$region" || report "no estimate of the cost (see above)"
agreed "Build this in your AWS account, which costs money until make destroy?"
trap 'rm -f "$folder/deploy.tfplan"; report "not finished: run make deploy again, or make destroy to remove what there is"' EXIT
tf apply -input=false deploy.tfplan
trap 'rm -f "$folder/deploy.tfplan"' EXIT
report "deployed. Now: make soak-aws, and in the end: make destroy"
