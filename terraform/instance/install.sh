#!/usr/bin/env bash
# Installs what is missing, then starts: nothing is missing on a baked image.
set -euo pipefail
say() { echo "secondwind: $*" >&2; }
lib=/usr/local/lib/secondwind
binary=/usr/local/bin/calculator
# shellcheck source=/dev/null
. /etc/secondwind/instance.env

# What they do in the night would be load that nobody offered.
systemctl disable --now apt-daily.timer apt-daily-upgrade.timer 2>/dev/null || true

if ! command -v nginx >/dev/null; then
  say "install nginx"
  export DEBIAN_FRONTEND=noninteractive
  for attempt in 1 2 3 4 5; do
    apt-get -o DPkg::Lock::Timeout=120 update -q &&
      apt-get -o DPkg::Lock::Timeout=120 install -qy --no-install-recommends nginx && break
    [[ $attempt == 5 ]] && { say "nginx could not be installed: is there a way to Ubuntu's archive on port 80?"; exit 1; }
    sleep 5
  done
fi

if ! echo "$SECONDWIND_SHA256  $binary" | sha256sum --check --status 2>/dev/null; then
  say "fetch s3://$SECONDWIND_BUCKET/$SECONDWIND_KEY, version $SECONDWIND_VERSION"
  "$lib/aws.py" object "$SECONDWIND_BUCKET" "$SECONDWIND_KEY" "$SECONDWIND_VERSION" "$SECONDWIND_SHA256" "$binary"
fi

install -m 0644 /etc/secondwind/nginx.conf /etc/nginx/nginx.conf
nginx -t -q
systemctl daemon-reload
systemctl enable calculator.service nginx.service
systemctl restart calculator.service nginx.service
say "started"
