#!/bin/sh
# Starts nginx on an address, for an instance, in a folder of its own that goes with it.
set -eu
folder=$(mktemp -d)
sed "s/ADDRESS/$1/; s/INSTANCE/$2/" nginx.conf > "$folder/nginx.conf"
nginx -p "$folder" -c nginx.conf &
trap 'kill -TERM $! 2> /dev/null || true' TERM INT
wait $! || true
wait $! 2> /dev/null || true
rm -rf "$folder"
