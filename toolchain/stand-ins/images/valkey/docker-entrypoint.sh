#!/usr/bin/env bash
# Starts the server as the user valkey, with the data folder its own.
set -euo pipefail
if [ "${1:0:1}" = '-' ] || [ "${1%.conf}" != "${1:-}" ]; then set -- valkey-server "$@"; fi
if [ "${1:-}" = valkey-server ] && [ "$(id -u)" = 0 ]; then
  find . \! -user valkey -exec chown valkey '{}' +
  exec gosu valkey "$0" "$@"
fi
exec "$@"
