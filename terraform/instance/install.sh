#!/usr/bin/env bash
# Installs what is missing, then starts. On a baked image nothing is missing, and
# what has started by itself is left alone.
set -euo pipefail
report() { echo "secondwind: $*" >&2; }
here=/usr/local/lib/secondwind
binary=/usr/local/bin/calculator
units=(calculator.service nginx.service)
start=start
set -a # aws.py reads them too
# shellcheck source=/dev/null
. /etc/secondwind/instance.env
set +a

# What they do at a random minute would be load that nobody offered.
systemctl disable --now apt-daily.timer apt-daily-upgrade.timer || true

if ! command -v nginx >/dev/null; then
  report "install nginx"
  export DEBIAN_FRONTEND=noninteractive
  for attempt in {1..5}; do
    if apt-get -o DPkg::Lock::Timeout=120 update -q &&
      apt-get -o DPkg::Lock::Timeout=120 install -qy --no-install-recommends nginx; then
      break
    elif ((attempt == 5)); then
      report "nginx could not be installed: is there a way to Ubuntu's archive, port 80?"
      exit 1
    fi
    sleep 5
  done
fi

if ! sha256sum --check --status 2>/dev/null <<<"$SECONDWIND_SHA256  $binary"; then
  report "fetch s3://$SECONDWIND_BUCKET/$SECONDWIND_KEY, version $SECONDWIND_VERSION"
  "$here/aws.py" object "$SECONDWIND_BUCKET" "$SECONDWIND_KEY" "$SECONDWIND_VERSION" "$SECONDWIND_SHA256" "$binary"
  start=restart
fi

# The garbage collector keeps below what systemd would kill the calculator for.
awk '/^MemTotal:/ {printf "GOMEMLIMIT=%dKiB\n", $2 * 0.6}' /proc/meminfo >/etc/secondwind/memory.env

if ! cmp --silent /etc/secondwind/nginx.conf /etc/nginx/nginx.conf; then
  nginx -t -q -c /etc/secondwind/nginx.conf
  install -m 0644 /etc/secondwind/nginx.conf /etc/nginx/nginx.conf
  start=restart
fi

systemctl daemon-reload
systemctl enable "${units[@]}"
systemctl "$start" "${units[@]}"
report "${start}ed"
