# Sourced by the scripts: installs what a bare Debian 12 with Rust and Node lacks.
# Every function is quick when the thing is already there.

say() { printf '\n== %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else die "need root (or sudo) to run: $*"
    fi
}

# need_packages COMMAND_OR_FILE PACKAGE...: apt-installs the packages when the command or file is absent.
need_packages() {
    local probe=$1
    shift
    case $probe in
        /*) [ -e "$probe" ] && return ;;
        *) command -v "$probe" >/dev/null && return ;;
    esac
    say "installing $* (apt)"
    if [ -z "${APT_UPDATED:-}" ]; then
        as_root apt-get update -qq || true
        APT_UPDATED=1
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# need_cargo_tool COMMAND CRATE VERSION: a released cargo tool, built once.
need_cargo_tool() {
    command -v "$1" >/dev/null && return
    say "installing $2 $3 (cargo)"
    cargo install --quiet --locked "$2" --version "$3"
}

need_toolchain() {
    command -v cargo >/dev/null || die "Rust is missing: install it with rustup, then run this again"
    command -v node >/dev/null || die "Node.js 20 or newer is missing: install it, then run this again"
    node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' \
        || die "Node.js $(node --version) is too old: 20 or newer is needed"
    need_packages cc gcc libc6-dev
    need_packages curl curl ca-certificates
}

# The console's packages, installed again only when the lock file has changed.
need_web_packages() {
    local stamp=web/node_modules/.cordboard-lock
    if ! cmp -s web/package-lock.json "$stamp" 2>/dev/null; then
        say "installing the console's packages (npm)"
        (cd web && npm ci --no-audit --no-fund --loglevel=error)
        cp web/package-lock.json "$stamp"
    fi
}

# Builds web/dist when a source of it is newer. The server embeds it, so it is told to look again.
build_console() {
    if [ -f web/dist/index.html ] && [ -z "$(find web/src web/public web/index.html web/package-lock.json web/vite.config.ts \
        -newer web/dist/index.html -print -quit 2>/dev/null)" ]; then
        return
    fi
    need_web_packages
    say "building the console"
    (cd web && npm run --silent build)
    touch web/dist/index.html src/http/console.rs
}

free_port() {
    node -e 'const s=require("net").createServer();s.listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}

# wait_for_url URL SECONDS PID: until the address answers; fails when the process has died or the time is over.
wait_for_url() {
    local left=$(($2 * 5))
    until curl -fsS -o /dev/null "$1" 2>/dev/null; do
        kill -0 "$3" 2>/dev/null || return 1
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.2
    done
}
