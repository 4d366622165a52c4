# Shared by the scripts of this folder; sourced, not run. Plain POSIX sh.

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$ROOT" || exit 1
LOGS=$(mktemp -d "${TMPDIR:-/tmp}/parflow-logs.XXXXXX")
STEP_PID=
# Ends a step that still runs, when the script is interrupted.
trap '[ -z "$STEP_PID" ] || kill "$STEP_PID" 2>/dev/null; rm -rf "$LOGS"' EXIT
trap 'exit 130' INT TERM

fail() { # fail MESSAGE WHAT_TO_DO
    printf '\n✗ %s\n  %s\n' "$1" "$2" >&2
    exit 1
}

# step "What is done" "What to do when it fails" COMMAND [ARG ...]
# Runs a long command quietly, showing that time passes; shows its last lines when it fails.
step() {
    step_title=$1 step_help=$2
    shift 2
    step_log="$LOGS/step"
    step_started=$(date +%s)
    if [ -t 1 ]; then printf '  %s ...' "$step_title"; else printf '  %s ...\n' "$step_title"; fi
    "$@" >"$step_log" 2>&1 </dev/null &
    STEP_PID=$!
    step_next=20
    while kill -0 "$STEP_PID" 2>/dev/null; do
        sleep 1
        step_elapsed=$(($(date +%s) - step_started))
        if [ -t 1 ]; then
            printf '\r  %s ... %ss' "$step_title" "$step_elapsed"
        elif [ "$step_elapsed" -ge "$step_next" ]; then
            printf '    still at it after %ss\n' "$step_elapsed"
            step_next=$((step_next + 20))
        fi
    done
    step_status=0
    wait "$STEP_PID" || step_status=$?
    STEP_PID=
    step_elapsed=$(($(date +%s) - step_started))
    if [ "$step_status" -ne 0 ]; then
        printf '\n--- the last lines of: %s\n' "$*" >&2
        tail -n 40 "$step_log" >&2
        fail "$step_title failed (exit code $step_status)." "$step_help"
    fi
    if [ -t 1 ]; then printf '\r'; fi
    printf '✓ %s (%ss)        \n' "$step_title" "$step_elapsed"
}

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$candidate"
            return
        fi
    done
    fail "No Python 3.11 or newer was found." \
        "Install one (Debian: apt-get install python3 python3-venv), or name it: PYTHON=/path/to/python3 $0"
}

make_venv() { # make_venv PYTHON FOLDER: Debian ships venv apart from Python
    "$1" -m venv "$2" && return
    rm -rf "$2"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update && apt-get install -y --no-install-recommends python3-venv && "$1" -m venv "$2"
    else
        return 1
    fi
}

# Uses the active environment, else makes and uses .venv.
ensure_venv() {
    if [ -z "${VIRTUAL_ENV:-}" ]; then
        if [ ! -x .venv/bin/python ]; then
            venv_python=$(find_python) || exit 1
            step "Making a Python environment in .venv" \
                "Install Python's venv module (Debian: apt-get install python3-venv) and try again." \
                make_venv "$venv_python" .venv
        fi
        VIRTUAL_ENV="$ROOT/.venv"
        export VIRTUAL_ENV
    fi
    PATH="$VIRTUAL_ENV/bin:$PATH"
    export PATH
}

# installed STAMP: nothing that goes into the package changed since the stamp was made.
installed() {
    [ -f "$1" ] && [ -z "$(find pyproject.toml package.json yarn.lock parflow_jupyter src style schema \
        jupyter-config \( -path '*/labextension' -o -path '*/static' -o -name __pycache__ \) -prune \
        -o -type f ! -name _version.py -newer "$1" -print | head -n 1)" ]
}

# limited MINUTES NAME COMMAND [ARG ...]: runs a command in the foreground; when it takes longer, ends
# it with all that it started, and says so. (Not timeout(1): macOS has none.)
limited() {
    python "$ROOT/scripts/_limited.py" "$@"
}
