#!/usr/bin/env bash
# Removes the stack and waits until nothing with the run's tag is left. It may be
# run after a deploy that was interrupted, and as often as you like.
#
#   YES=1   removes without asking
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=run.sh
. "$(dirname "${BASH_SOURCE[0]}")/run.sh"

if [[ -z "$(recorded run_id)" ]]; then
  report "nothing was deployed from here. What another machine deployed: $SECONDWIND sweep"
  exit 0
fi
if ! variable_is_set allowed_cidrs; then
  export TF_VAR_allowed_cidrs='["127.0.0.1/32"]' # destroy opens nothing
fi
run="$(recorded run_id)"
export AWS_REGION="${TF_VAR_region:-${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}}}" # where sweep looks
report "remove run $run in $AWS_REGION"
overrides=()
if variable_is_set expires; then # what has expired can be removed too
  overrides=(-var "expires=$(date -u -d '+1 day' +%FT%TZ 2>/dev/null || date -u -v+1d +%FT%TZ)")
fi
tf init -input=false
agreed "Remove everything of run $run?"
# A network interface may outlive what it belonged to for a minute.
for attempt in {1..3}; do
  if tf destroy -input=false -auto-approve ${overrides[@]+"${overrides[@]}"}; then
    break
  elif ((attempt == 3)); then
    stop "not everything could be removed (see above): run make destroy again, or $SECONDWIND sweep --run $run --remove"
  fi
  sleep "${PAUSE:-20}"
done

code=0
"$SECONDWIND" sweep --run "$run" --wait || code=$?
case $code in
0)
  rm -f "$record"
  report "nothing of run $run is left"
  ;;
3) stop "something of run $run is left, or could not be looked for (see above): $SECONDWIND sweep --run $run --remove" ;;
*) stop "what is left could not be looked for (see above): run make destroy again" ;;
esac
