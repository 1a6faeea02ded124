#!/usr/bin/env bash
# verdict.sh PLACE CODE [RUNS]: writes the newest run's report into the job's
# summary, and ends as the exit code of soak says: REFUTED and runs without a
# verdict fail; INCONCLUSIVE does not, but is marked as what it is.
set -euo pipefail
place="$1" code="$2" runs="${3:-reports/runs}"
summary="${GITHUB_STEP_SUMMARY:-/dev/stdout}"
limit=900000 # bytes; GitHub takes 1 MiB of a step's summary

case "$code" in
0) level=notice title="PROVED on $place" text="A second instance came because CPU crossed the threshold." ;;
1)
  level=error title="REFUTED on $place"
  text="The premises held, but a link is missing or late, or a control scaled: the report names it."
  ;;
3)
  level=warning title="INCONCLUSIVE on $place"
  text="Neither proved nor refuted: the report names the premise that was not met, or the data that are missing."
  ;;
*) level=error title="no verdict on $place" text="The run did not come to a verdict (exit code ${code:-none}): its log says why." ;;
esac
echo "::$level title=$title::$text"

report="$(find "$runs" -mindepth 2 -maxdepth 2 -name report.md 2>/dev/null | sort | tail -n 1 || true)"
{
  printf '# %s\n\n%s\n\n' "$title" "$text"
  if [[ -n "$report" ]]; then
    head -c "$limit" "$report"
  else
    echo "There is no report."
  fi
  echo
} >>"$summary"

[[ "$level" != error ]]
