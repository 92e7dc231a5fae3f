# A throw-away PostgreSQL server for tests; to be sourced.
#
#   start_postgres   installs the server if it is missing, makes a cluster in a temporary folder on a free port
#                    of the loopback address, starts it without durability and exports CORDBOARD_TEST_POSTGRES
#   stop_postgres    stops it and removes the folder; safe to call twice, meant for `trap stop_postgres EXIT`
#
# PostgreSQL refuses to run as root; then everything is done as the user `postgres`.
# shellcheck shell=bash

CORDBOARD_PG_DIR=""

_pg_bin() {
  local candidate
  if command -v initdb >/dev/null 2>&1; then
    dirname "$(readlink -f "$(command -v initdb)")"
    return 0
  fi
  for candidate in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort --version-sort --reverse); do
    if [ -x "$candidate/initdb" ]; then
      echo "$candidate"
      return 0
    fi
  done
  return 1
}

# Runs a command as somebody who is not root, from a folder that he may enter.
_pg_as_user() {
  if [ "$(id -u)" -eq 0 ]; then
    (cd / && runuser -u postgres -- "$@")
  else
    (cd / && "$@")
  fi
}

_pg_free_port() {
  local port
  for port in $(shuf -i 20000-32000 -n 50); do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return 0
    fi
  done
  return 1
}

_pg_install() {
  local sudo=""
  if [ "$(id -u)" -ne 0 ]; then
    sudo="sudo"
  fi
  echo "Installing PostgreSQL for the tests ..." >&2
  # The package would otherwise make and start a cluster of its own.
  $sudo mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
  $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null
}

start_postgres() {
  local bin port log try
  if ! bin="$(_pg_bin)"; then
    _pg_install || return 1
    bin="$(_pg_bin)" || { echo "PostgreSQL could not be installed" >&2; return 1; }
  fi
  if [ "$(id -u)" -eq 0 ] && ! id postgres >/dev/null 2>&1; then
    useradd --system --no-create-home --shell /usr/sbin/nologin postgres || return 1
  fi
  CORDBOARD_PG_DIR="$(mktemp -d "${TMPDIR:-/tmp}/cordboard-pg.XXXXXX")" || return 1
  [ "$(id -u)" -ne 0 ] || chown postgres "$CORDBOARD_PG_DIR"
  log="$CORDBOARD_PG_DIR/log"
  _pg_as_user "$bin/initdb" --pgdata="$CORDBOARD_PG_DIR/data" --username=postgres --auth=trust --encoding=UTF8 \
    --locale=C.UTF-8 --no-sync >/dev/null || { stop_postgres; return 1; }
  # A port that is free now may be taken a moment later: try a few.
  for try in 1 2 3; do
    port="$(_pg_free_port)" || break
    if _pg_as_user "$bin/pg_ctl" --pgdata="$CORDBOARD_PG_DIR/data" --log="$log" --wait --timeout=60 --silent \
      --options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c fsync=off \
-c synchronous_commit=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB" start; then
      export CORDBOARD_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
      return 0
    fi
    echo "PostgreSQL did not start (try $try):" >&2
    tail -n 5 "$log" >&2 || true
  done
  stop_postgres
  return 1
}

stop_postgres() {
  local bin
  [ -n "$CORDBOARD_PG_DIR" ] || return 0
  if bin="$(_pg_bin)" && [ -f "$CORDBOARD_PG_DIR/data/postmaster.pid" ]; then
    _pg_as_user "$bin/pg_ctl" --pgdata="$CORDBOARD_PG_DIR/data" --mode=immediate --silent stop || true
  fi
  rm -rf "$CORDBOARD_PG_DIR"
  CORDBOARD_PG_DIR=""
  unset CORDBOARD_TEST_POSTGRES
}
