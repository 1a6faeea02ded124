# shellcheck shell=bash
# What deploy.sh and destroy.sh share: the run that is deployed from here.

folder="${STACK:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}"
record="$folder/run.env" # of the run that is deployed, with the variables that were found out for it
SECONDWIND="${SECONDWIND:-$folder/../bin/secondwind}"

report() { echo "secondwind: $*" >&2; }
stop() {
  report "$*"
  exit 2
}

# tf runs Terraform, or OpenTofu where only that is installed, on the stack.
tf() { "$program" -chdir="$folder" "$@"; }
program="$(command -v terraform || command -v tofu)" ||
  stop "neither terraform nor tofu is installed: https://developer.hashicorp.com/terraform/install"

# recorded NAME prints a variable of the recorded run, or nothing.
recorded() { sed -n "s/^$1=//p" "$record" 2>/dev/null || true; }

# remember NAME VALUE records a variable of the run, unless it has one. Terraform
# reads it from the environment: what stands in a file of variables comes first.
remember() {
  local value
  value="$(recorded "$1")"
  if [[ -z "$value" ]]; then
    value="$2"
    echo "$1=$value" >>"$record"
  fi
  export "TF_VAR_$1=$value"
}

# variable_is_set NAME reports whether the environment or a file gives it.
variable_is_set() {
  local name="TF_VAR_$1"
  [[ -n "${!name:-}" ]] ||
    grep -qsE "^[[:space:]]*\"?$1\"?[[:space:]]*[=:]" \
      "$folder"/terraform.tfvars{,.json} "$folder"/*.auto.tfvars{,.json}
}

# agreed asks, unless YES says so already, and ends without consent.
agreed() {
  [[ "${YES:-}" == 1 ]] && return
  local answer=""
  read -r -p "secondwind: $1 Only yes does: " answer || true
  [[ "$answer" == yes ]] || stop "nothing was changed: answer yes, or set YES=1"
}

# What was recorded holds for this process too.
for name in run_id region allowed_cidrs; do
  value="$(recorded "$name")"
  if [[ -n "$value" ]]; then
    export "TF_VAR_$name=$value"
  fi
done
