#!/usr/bin/env bash
# First start: makes the cluster, the user and the database that POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB name, runs
# /docker-entrypoint-initdb.d, all on a server that listens on the unix socket only, so that nobody who asks over TCP
# takes it for ready. Then, and on every later start, becomes postgres. Each variable may be a file's name in <NAME>_FILE.
set -Eeuo pipefail

setting() { # NAME DEFAULT
  local file="$1_FILE"
  if [ -n "${!file:-}" ]; then export "$1"="$(<"${!file}")"; else export "$1"="${!1:-$2}"; fi
  unset "$file"
}

# `docker run postgres:17 -c max_connections=50` means the server with that flag.
if [ "${1:0:1}" = '-' ]; then set -- postgres "$@"; fi
if [ "${1:-}" != postgres ]; then exec "$@"; fi
for argument in "$@"; do case $argument in --version | -V | --help | -'?' | --describe-config) exec "$@" ;; esac; done

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
  exec gosu postgres "${BASH_SOURCE[0]}" "$@"
fi

mkdir -p "$PGDATA"
chmod 700 "$PGDATA"

# The cluster is made in a folder inside its place and moved when it is whole, PG_VERSION last: a first start that is killed
# half-way begins again, instead of leaving a cluster without the user and the database.
fresh=$PGDATA/.fresh

if [ ! -s "$PGDATA/PG_VERSION" ] && [ ! -e "$fresh/.whole" ]; then
  setting POSTGRES_USER postgres
  setting POSTGRES_PASSWORD ''
  setting POSTGRES_DB "$POSTGRES_USER"
  setting POSTGRES_INITDB_ARGS ''
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$method" != trust ]; then
    echo 'Error: the database is empty and POSTGRES_PASSWORD is not set. Set it to a non-empty value.' >&2
    exit 1
  fi
  rm -rf "$fresh"
  # shellcheck disable=SC2086 # the arguments are meant to be split
  initdb --pgdata="$fresh" --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --no-sync \
    --auth-local=trust --auth-host="$method" $POSTGRES_INITDB_ARGS
  printf '\nhost all all all %s\n' "$method" >> "$fresh/pg_hba.conf"

  pg_ctl -D "$fresh" -w start -o "-c listen_addresses='' -c fsync=off -p 5432"
  psql=(psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc --username "$POSTGRES_USER")
  if [ "$POSTGRES_DB" != postgres ]; then
    "${psql[@]}" --dbname postgres --set db="$POSTGRES_DB" <<< 'CREATE DATABASE :"db";'
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) "${psql[@]}" --dbname "$POSTGRES_DB" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | "${psql[@]}" --dbname "$POSTGRES_DB" ;;
    esac
  done
  pg_ctl -D "$fresh" -m fast -w stop
  sync
  touch "$fresh/.whole"
  echo 'PostgreSQL init process complete; ready for start up.'
fi

if [ -e "$fresh/.whole" ]; then
  for entry in "$fresh"/*; do
    if [ "${entry##*/}" != PG_VERSION ]; then mv "$entry" "$PGDATA/"; fi
  done
  mv "$fresh/PG_VERSION" "$PGDATA/"
  rm -rf "$fresh"
fi

unset POSTGRES_PASSWORD
exec "$@"
