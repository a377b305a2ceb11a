#!/bin/sh
# On an empty volume: make the cluster, run the scripts over its socket, then serve.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  umask 077
  printf '%s\n' "${POSTGRES_PASSWORD:?}" > /tmp/password
  initdb --pgdata "$PGDATA" --username "$POSTGRES_USER" --pwfile /tmp/password \
    --auth-local trust --auth-host scram-sha-256 --encoding UTF8 --locale C.UTF-8
  rm /tmp/password
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  pg_ctl start --wait --options "-c listen_addresses='' -c unix_socket_directories=/var/run/postgresql"
  for script in /docker-entrypoint-initdb.d/*.sh; do
    . "$script"
  done
  pg_ctl stop --wait --mode fast
fi
exec postgres -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql
