# shellcheck shell=bash
# What the scripts beside this file share; sourced, never run. It moves to the top of the checkout, and sees to it that
# whatever a script started ends with that script, also on Ctrl-C or kill.

set -euo pipefail
called_from=$PWD
script=$(readlink -f "$0")
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"
export called_from
export PATH="$top/.cache/bin:$PATH:/usr/local/go/bin" # where go.dev's own instructions put Go

# print_help shows the head comment of the running script.
print_help() { sed -n '2,/^[^#]/ { s/^# \{0,1\}//p }' "$script"; }

# fail SENTENCE... says what is wrong and what to do next, and ends the script.
fail() {
	printf '%s: %s\n' "$(basename "$script")" "$*" >&2
	exit 1
}

# --- ending ---------------------------------------------------------------------------------------------------------

job=          # process group of the stage that is running
postgres_pid= # the PostgreSQL server that start_postgres started

clean_up() {
	[ -z "$job" ] || kill -TERM -- "-$job" 2>/dev/null || true # it may have ended meanwhile
	stop_postgres
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# run_job COMMAND... runs it in a process group of its own, so that clean_up reaches its children too, and leaves its
# exit status in $status. Call it as a plain statement: inside `if` or `||` bash would switch `set -e` off in it.
# shellcheck disable=SC2034 # the caller reads status
run_job() {
	set -m
	("$@") </dev/null &
	job=$!
	set +m
	status=0
	wait "$job" || status=$?
	job=
}

# --- build ----------------------------------------------------------------------------------------------------------

# content_of PATH... is one hash over the files below the paths, those that git ignores left out.
content_of() {
	git ls-files -z --cached --others --exclude-standard -- "$@" |
		sort -zu | while IFS= read -r -d '' file; do
		if [ -f "$file" ]; then sha256sum "$file"; else printf 'deleted  %s\n' "$file"; fi
	done | sha256sum | cut -c1-16
}

# version_of PATH... is the last commit that touched the paths, with a mark of its own for every uncommitted state: it
# names the service worker's cache, which two different builds must never share.
version_of() {
	local commit
	commit=$(git log -1 --format=%h --abbrev=12 -- "$@")
	if [ -n "$(git status --porcelain -- "$@")" ]; then
		printf '%s-dirty-%s\n' "${commit:-none}" "$(content_of "$@")"
	else
		printf '%s\n' "$commit"
	fi
}

# build_frontend makes frontend/build/app, unless the one there was made from the same sources by the same Node.
build_frontend() {
	local stamp=.cache/frontend.stamp index=frontend/build/app/index.html wanted
	wanted=$(printf '%s %s %s' "$(version_of frontend)" "$(content_of frontend)" "$(node --version)")
	if [ -f "$index" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted $(sha256sum <"$index")" ]; then
		return
	fi
	rm -f "$stamp"
	(cd frontend && EINVERSTANDEN_VERSION=$(version_of .) npm run --silent build)
	[ -f "$index" ] || fail "npm run build left no $index; look at frontend/svelte.config.js"
	mkdir -p .cache
	printf '%s %s' "$wanted" "$(sha256sum <"$index")" >"$stamp"
}

# build_binary makes bin/einverstanden with whatever frontend/build holds.
build_binary() {
	CGO_ENABLED=0 go build -trimpath -o bin/einverstanden \
		-ldflags "-X einverstanden/backend/app.Version=$(version_of .)" ./backend/cmd/einverstanden
}

# --- PostgreSQL -----------------------------------------------------------------------------------------------------

# postgres_programs is the folder of the newest PostgreSQL that is new enough; it fails when there is none.
postgres_programs() {
	local folder
	folder=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -rV | head -n 1)
	[ -x "$folder/postgres" ] && [ "$(basename "$(dirname "$folder")")" -ge 15 ] && echo "$folder"
}

# start_postgres [durable] starts a private server on a free port of the loopback address, with its files in a folder
# that goes with it, and sets EINVERSTANDEN_TEST_POSTGRES to its superuser's DSN. Without `durable` nothing is synced
# to disk: tests survive no power cut, figures need it. It must be called by the script itself, not in a subshell:
# the kernel ends the server when its parent dies, even by kill -9 (setpriv --pdeathsig).
start_postgres() {
	local programs port attempt as_user=() durability=(-c fsync=off -c full_page_writes=off -c synchronous_commit=off)
	programs=$(postgres_programs) || fail "PostgreSQL 15 or newer is missing; run: scripts/setup test"
	[ "${1:-}" != durable ] || durability=()
	remove_abandoned_postgres
	postgres_folder=$(mktemp -d "/tmp/einverstanden-postgres.$$.XXXXXX") # short: a socket's path has 107 bytes at most
	if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
		chown postgres "$postgres_folder"
		as_user=(setpriv --reuid=postgres --regid=postgres --init-groups env --chdir="$postgres_folder")
	fi
	"${as_user[@]}" "$programs/initdb" --pgdata="$postgres_folder/data" --username=postgres --auth=trust --no-sync \
		--encoding=UTF8 --locale=C.UTF-8 >"$postgres_folder/log" 2>&1 || fail_with_log "initdb failed"
	for attempt in 1 2 3 4 5; do
		port=$((20000 + RANDOM % 12000)) # below the ports that the kernel hands out
		"${as_user[@]}" setpriv --pdeathsig=INT -- "$programs/postgres" -D "$postgres_folder/data" -p "$port" \
			-c listen_addresses=127.0.0.1 -c unix_socket_directories="$postgres_folder" -c max_connections=200 \
			"${durability[@]}" >>"$postgres_folder/log" 2>&1 </dev/null &
		postgres_pid=$!
		if postgres_answers "$programs" "$port"; then
			export EINVERSTANDEN_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
			return
		fi
		wait "$postgres_pid" || true # it said why in its log; most likely the port was taken
		postgres_pid=
	done
	fail_with_log "PostgreSQL did not start in $attempt attempts"
}

# postgres_answers PROGRAMS PORT asks through the server's own socket, since another server may hold the port.
postgres_answers() {
	local i
	for ((i = 0; i < 300; i++)); do
		! "$1/pg_isready" -q -h "$postgres_folder" -p "$2" || return 0
		kill -0 "$postgres_pid" 2>/dev/null || return 1
		sleep 0.1
	done
	fail_with_log "PostgreSQL did not answer within 30 s"
}

fail_with_log() {
	tail -n 20 "$postgres_folder/log" >&2
	fail "$1 (see above)"
}

# stop_postgres ends the server, by its own process id, and removes its files; without a server it does nothing.
stop_postgres() {
	if [ -n "$postgres_pid" ]; then
		kill -INT "$postgres_pid" 2>/dev/null || true # fast shutdown; Ctrl-C may have reached it before us
		wait "$postgres_pid" || true
	fi
	[ -z "${postgres_folder:-}" ] || rm -rf "$postgres_folder"
	postgres_pid='' postgres_folder=''
}

# remove_abandoned_postgres removes what scripts left that were killed outright: the folder's name holds their process.
remove_abandoned_postgres() {
	local folder process
	for folder in /tmp/einverstanden-postgres.*; do
		process=${folder#*postgres.} process=${process%.*}
		if [ -w "$folder" ] && [ ! -d "/proc/$process" ]; then rm -rf "$folder"; fi
	done
}
