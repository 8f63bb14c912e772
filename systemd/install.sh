#!/bin/bash
# Puts the agent on a truck's computer, brings it up to date, goes back, takes it off again.
#
#   sudo ./install.sh [--wheelhouse DIR | --package jagalchi==X] [--config FILE]
#                     [--gentle-card | --plain-card]
#   sudo ./install.sh --roll-back
#   sudo ./install.sh --uninstall [--purge-evidence]
#
# Without a source it takes the wheels that lie beside it (`make wheelhouse` puts both together), and
# then needs no network. Killed or cut off at any point, it leaves the old version or the new one
# running; run it again and it goes on. Key, enrolment and outbox (/var/lib/jagalchi) are never
# touched, but by --purge-evidence.
#
#   /opt/jagalchi/versions/NAME/   venv, systemd/ and, written last, `complete`
#   /opt/jagalchi/current          -> the version that systemd starts; switched by one rename
#   /opt/jagalchi/previous         -> the one before
#   /opt/jagalchi/trial            the version that has not yet shown that it records
#
# --gentle-card: the file system with the records writes its journal every five minutes instead of five
# seconds, and no access times: less than half reaches the card. The agent loses nothing by it, since it
# asks for each commit; what other programs have not asked for may be lost with the power. It holds for
# the whole file system, on most cards the only one, and until --plain-card or --uninstall.
#
# Exit status: 0 done, 1 the new version did not record and the old one runs again, 64 wrong usage,
# 75 another installer is at work, 78 something has to be mended first.

# shellcheck disable=SC2015  # "A && B || refuse" is meant: refuse does not return
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin PIP_DISABLE_PIP_VERSION_CHECK=1
export PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1

readonly OPT=/opt/jagalchi ETC=/etc/jagalchi STATE=/var/lib/jagalchi SYSTEM=/etc/systemd/system
readonly WANTED=$SYSTEM/multi-user.target.wants
readonly PROGRAM=/usr/local/bin/jagalchi-agent AGENT=jagalchi-agent.service
readonly SERVICES=(jagalchi-agent.service jagalchi-enrol.service jagalchi-settle.service)
readonly GENTLE=jagalchi-gentle-card.service BEFORE=/run/jagalchi-card-before
readonly LOCK=/run/lock/jagalchi-install.lock
readonly USAGE=64 BUSY=75 MEND=78
readonly PATIENCE_S=120 STEADY_S=10 STUMBLES=3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here

wheelhouse="" package="" config="" order=install purge="" card=""

main() {
    read_arguments "$@"
    [ "$(id -u)" -eq 0 ] || refuse "$MEND" "only root can do this; type: sudo $0 $*"
    case $order in
        settle | be_gentle | be_plain) "$order" ;; # started by systemd, maybe while an installer waits
        *) alone; "$order" ;;
    esac
}

read_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --wheelhouse) wheelhouse=$(value "$@"); shift ;;
            --package) package=$(value "$@"); shift ;;
            --config) config=$(value "$@"); shift ;;
            --roll-back) order=go_back ;;
            --settle) order=settle ;;
            --gentle-card) card=gentle ;;
            --plain-card) card=plain ;;
            --card) order=be_$(value "$@"); shift ;;
            --uninstall) order=uninstall ;;
            --purge-evidence) purge=yes ;;
            -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
            *) refuse "$USAGE" "$1: unknown; see --help" ;;
        esac
        shift
    done
    [ -z "$wheelhouse" ] || [ -z "$package" ] || refuse "$USAGE" "--wheelhouse or --package, not both"
    case $order in be_gentle | be_plain) ;; be_*) refuse "$USAGE" "--card: gentle or plain" ;; esac
    [ -z "$card" ] || [ "$order" = install ] || refuse "$USAGE" "--$card-card is for installing"
    [ -z "$purge" ] || [ "$order" = uninstall ] || refuse "$USAGE" "--purge-evidence is for --uninstall"
}

value() { [ $# -gt 1 ] && [ -n "$2" ] || refuse "$USAGE" "$1 needs a value"; printf '%s\n' "$2"; }
say() { printf '%s\n' "$*"; }
refuse() { local code=$1; shift; printf 'install.sh: %s\n' "$@" >&2; exit "$code"; }

# Held by whatever we start too: an orphaned pip of a killed installer keeps the next one out.
alone() {
    exec 9>"$LOCK"
    flock -n 9 || refuse "$BUSY" "another installer is at work; wait until it has ended"
}

# --- installing ---------------------------------------------------------------------------------

install() {
    local name requirement
    choose_source
    finish_trial
    say "1/4 version $name"
    build
    say "2/4 user, folders, settings"
    make_places
    place_config
    accept_config
    accept_card
    say "3/4 units"
    switch_to "$name"
    link_units
    link_card
    say "4/4 start"
    start "$name"
    tidy
    say_next
}

# Sets `name`, the folder, and `requirement`, what pip is asked for.
choose_source() {
    local wanted
    wanted=$(extras)
    if [ -n "$package" ]; then
        [[ $package =~ ^jagalchi==([0-9A-Za-z.+]+)$ ]] || refuse "$USAGE" "--package jagalchi==X"
        name=${BASH_REMATCH[1]} requirement=jagalchi$wanted==${BASH_REMATCH[1]}
        name+=$(mark "$wanted")
        return
    fi
    [ -n "$wheelhouse" ] || wheelhouse=$here
    wheelhouse=$(cd "$wheelhouse" 2>/dev/null && pwd) || refuse "$MEND" "$wheelhouse: no such folder"
    local wheels=("$wheelhouse"/jagalchi-*.whl)
    [ -f "${wheels[0]}" ] && [ ${#wheels[@]} -eq 1 ] ||
        refuse "$MEND" "$wheelhouse: expected one jagalchi wheel; make it with: make wheelhouse"
    (cd "$wheelhouse" && sha256sum --check --quiet SHA256SUMS) ||
        refuse "$MEND" "$wheelhouse: files are damaged or missing; copy the folder again"
    name=$(basename "${wheels[0]}")
    name=${name#jagalchi-} name=${name%%-*}
    requirement="jagalchi$wanted==$name"
    # Two builds of one version are two versions.
    name+=-$(sha256sum "${wheels[0]}" | cut -c 1-8)$(mark "$wanted")
}

# What a Raspberry Pi needs for its pins, and no other machine has; and the signer that is asked for.
extras() {
    local wanted=()
    if grep -qs 'Raspberry Pi' /proc/device-tree/model; then wanted+=(pi); fi
    if grep -qsE '^[[:space:]]*signer[[:space:]]*=[[:space:]]*"openssl"' "${config:-$ETC/agent.toml}"; then
        wanted+=(openssl)
    fi
    local IFS=,
    [ ${#wanted[@]} -eq 0 ] || printf '[%s]\n' "${wanted[*]}"
}

# A version that was made without this signer has to be made again.
mark() { case $1 in *openssl*) echo -openssl ;; esac; }

# A version without `complete` was never used by anybody: it is made again from nothing.
build() {
    local folder=$OPT/versions/$name
    [ ! -e "$folder/complete" ] || return 0
    rm -rf "$folder"
    mkdir -p "$folder"
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        refuse "$MEND" "Python 3.11 or later is needed: sudo apt install python3"
    python3 -m venv --without-pip "$folder/venv"
    fill "$folder/venv/bin/python"
    copy_units "$folder/systemd"
    "$folder/venv/bin/jagalchi-agent" --version || refuse "$MEND" "$name: does not even start"
    sync --file-system "$folder"
    put "$folder/complete" "$name"
}

# The units belong to the version, so that one rename switches both.
copy_units() {
    mkdir "$1"
    cp -r "$here"/*.service "$here"/*.conf "$here/$AGENT.d" "$here/install.sh" "$1"
    # In the repository the examples of the settings lie elsewhere.
    cp "$here"/{agent,truck-pi}.toml "$1" 2>/dev/null ||
        cp "$here"/../config/{agent,profiles/truck-pi}.toml "$1"
}

# pip comes along in the wheelhouse, so that neither python3-venv nor a network is needed.
fill() {
    local pip=("$wheelhouse"/pip-*.whl)
    if [ -n "$package" ]; then
        python3 -m pip --version >/dev/null || refuse "$MEND" "pip is missing: sudo apt install python3-pip"
        python3 -m pip --python "$1" install --quiet --compile "$requirement" && return
    else
        [ -f "${pip[0]}" ] || refuse "$MEND" "$wheelhouse: no pip in it; make it with: make wheelhouse"
        "$1" "${pip[0]}/pip" --isolated install --quiet --compile --no-index --find-links "$wheelhouse" \
            "$requirement" && return
    fi
    refuse "$MEND" "$requirement cannot be installed here; nothing was switched"
}

make_places() {
    local from=$OPT/versions/$name/systemd
    install_file "$from/sysusers.conf" /etc/sysusers.d/jagalchi.conf
    install_file "$from/tmpfiles.conf" /etc/tmpfiles.d/jagalchi.conf
    systemd-sysusers /etc/sysusers.d/jagalchi.conf
    systemd-tmpfiles --create /etc/tmpfiles.d/jagalchi.conf
}

# The settings are the technician's: replaced only when another file is named, and kept beside.
place_config() {
    configured=""
    [ -n "$config" ] || return 0
    [ -f "$config" ] || refuse "$MEND" "$config: no such file"
    cmp -s "$config" "$ETC/agent.toml" && return 0
    understands "$config"
    if [ -e "$ETC/agent.toml" ]; then cp -p "$ETC/agent.toml" "$ETC/agent.toml.before"; fi
    install_file "$config" "$ETC/agent.toml"
    configured=yes
}

accept_card() {
    [ "$card" != gentle ] || [ "$(findmnt -no FSTYPE -T "$STATE")" = ext4 ] ||
        refuse "$MEND" "--gentle-card is for ext4, and $STATE lies on something else; nothing was switched"
}

# A version that cannot read the settings that are there would only be rolled back.
accept_config() { [ ! -e "$ETC/agent.toml" ] || understands "$ETC/agent.toml"; }

understands() {
    local status=0
    "$OPT/versions/$name/venv/bin/jagalchi-agent" status --config "$1" >/dev/null || status=$?
    [ "$status" -ne "$MEND" ] || refuse "$MEND" "the settings must be mended first; nothing was switched"
}

# A crash before the last line leaves the old version; after it the new one, on trial.
switch_to() {
    local old
    old=$(version_at current)
    [ "$old" != "$1" ] || return 0
    [ -z "$old" ] || point previous "versions/$old"
    put "$OPT/trial" "$1"
    point current "versions/$1"
}

link_units() {
    local from=$OPT/current/systemd service
    mkdir -p "$SYSTEM/$AGENT.d" "$WANTED"
    # Not by `systemctl enable`: it would look through `current`, and pin today's version.
    for service in "${SERVICES[@]}"; do
        ln -sfn "$from/$service" "$SYSTEM/$service"
        ln -sfn "../$service" "$WANTED/$service"
    done
    if [ "$(systemctl --version | awk 'NR == 1 { print int($2) }')" -ge 254 ]; then
        ln -sfn "$from/$AGENT.d/10-restart-steps.conf" "$SYSTEM/$AGENT.d/10-restart-steps.conf"
    fi
    ln -sfn "$OPT/current/venv/bin/jagalchi-agent" "$PROGRAM"
    local journal=/etc/systemd/journald.conf.d/jagalchi.conf
    if ! cmp -s "$from/journald.conf" "$journal"; then
        install_file "$from/journald.conf" "$journal"
        systemctl try-restart systemd-journald.service
    fi
    # chrony's own confinement reads nothing outside its folder.
    if [ -d /etc/chrony/conf.d ]; then install_file "$from/chrony.conf" /etc/chrony/conf.d/jagalchi.conf; fi
    systemctl daemon-reload
}

# Kept from version to version, until it is asked for otherwise.
link_card() {
    case $card in
        gentle)
            ln -sfn "$OPT/current/systemd/$GENTLE" "$SYSTEM/$GENTLE"
            ln -sfn "../$GENTLE" "$WANTED/$GENTLE"
            systemctl daemon-reload
            systemctl restart "$GENTLE"
            ;;
        plain) unlink_service "$GENTLE" ;;
    esac
}

unlink_service() {
    systemctl stop "$1" 2>/dev/null || true
    rm -f "$WANTED/$1" "$SYSTEM/$1"
}

# Without settings or enrolment there is nothing to start yet; what is missing is said at the end.
start() {
    if [ -e "$OPT/trial" ]; then
        finish_trial
        [ "$(version_at current)" = "$1" ] ||
            refuse 1 "$1 did not record; $(version_at current) runs again. Why: journalctl -u jagalchi-agent"
    elif ready_to_record && { [ -n "$configured" ] || ! systemctl --quiet is-active "$AGENT"; }; then
        systemctl restart "$AGENT"
    fi
    if [ -e "$ETC/agent.toml" ]; then systemctl --no-block start jagalchi-enrol.service; fi
}

ready_to_record() { [ -e "$ETC/agent.toml" ] && [ -e "$STATE/enrolment.cbor" ]; }

# systemd does the judging, so that a lost connection or a killed installer changes nothing.
finish_trial() {
    [ -e "$OPT/trial" ] || return 0
    systemctl start jagalchi-settle.service 2>/dev/null || true
}

# Only the current version and the one before stay.
tidy() {
    local folder
    for folder in "$OPT"/versions/*; do
        case $(basename "$folder") in
            "$(version_at current)" | "$(version_at previous)") ;;
            *) rm -rf "$folder" ;;
        esac
    done
}

say_next() {
    say "installed: $(version_at current)"
    if [ ! -e "$ETC/agent.toml" ]; then
        say "next: write $ETC/agent.toml (example: $OPT/current/systemd/truck-pi.toml), then: sudo $0"
    elif [ ! -e "$STATE/enrolment.cbor" ]; then
        say "next: sudo jagalchi-agent enrol URL TOKEN && sudo systemctl start jagalchi-agent"
        say "  or: put /boot/firmware/jagalchi.toml there, and start again"
    else
        say "recording; how it is doing: sudo jagalchi-agent status"
    fi
}

# --- the verdict on a version ---------------------------------------------------------------------

settle() {
    [ -e "$OPT/trial" ] || exit 0
    local new
    new=$(cat "$OPT/trial")
    # The switch itself never came: nothing is on trial.
    if [ "$(version_at current)" != "$new" ] || ! ready_to_record || records "$new"; then
        remove "$OPT/trial"
        exit 0
    fi
    say "$new does not record"
    [ -n "$(version_at previous)" ] && [ "$(version_at previous)" != "$new" ] ||
        refuse 1 "there is no version before it to go back to"
    point current "$(readlink "$OPT/previous")"
    remove "$OPT/trial"
    systemctl daemon-reload
    systemctl --no-block restart "$AGENT"
    refuse 1 "back to $(version_at current)"
}

# Whether this version runs, has made a reading that is on the card, and goes on doing so.
records() {
    local deadline=$((SECONDS + PATIENCE_S)) stumbles steady="" since=0 pid
    runs "$1" || timeout "$PATIENCE_S" systemctl restart "$AGENT" || true
    stumbles=$(($(show NRestarts) + STUMBLES))
    while [ "$SECONDS" -lt "$deadline" ] && [ "$(show NRestarts)" -lt "$stumbles" ]; do
        pid=$(show MainPID)
        if ! runs "$1" || ! reads "$1"; then
            steady=""
        elif [ "$pid" != "$steady" ]; then
            steady=$pid since=$SECONDS
        elif [ $((SECONDS - since)) -ge "$STEADY_S" ]; then
            return 0
        fi
        sleep 1
    done
    return 1
}

# The interpreter's own path tells the version: a new one may have been switched to beneath it.
runs() {
    local program=""
    IFS= read -r -d '' program 2>/dev/null <"/proc/$(show MainPID)/cmdline" || true
    [[ $program == "$OPT/versions/$1/"* ]]
}

reads() {
    setpriv --reuid jagalchi --regid jagalchi --init-groups "$OPT/versions/$1/venv/bin/jagalchi-agent" status --json 2>/dev/null |
        "$OPT/versions/$1/venv/bin/python" -I -c '
import json, sys
told = json.load(sys.stdin)
sys.exit(not (told["running"] and told["seq"] and told["state"] not in ("disk-trouble", "disk-full")))
' 2>/dev/null
}

show() { systemctl show --property "$1" --value "$AGENT"; }

# --- going back, and going away -------------------------------------------------------------------

go_back() {
    finish_trial
    local old
    old=$(version_at previous)
    [ -n "$old" ] && [ "$old" != "$(version_at current)" ] && [ -e "$OPT/versions/$old/complete" ] ||
        refuse "$MEND" "there is no version before $(version_at current)"
    configured=""
    switch_to "$old"
    link_units
    start "$old"
    say "back to $(version_at current)"
}

uninstall() {
    local service
    for service in "${SERVICES[@]}" "$GENTLE"; do unlink_service "$service"; done
    rm -f "$SYSTEM/$AGENT.d/10-restart-steps.conf" "$PROGRAM"
    rmdir --ignore-fail-on-non-empty "$SYSTEM/$AGENT.d" 2>/dev/null || true
    rm -f /etc/systemd/journald.conf.d/jagalchi.conf
    rm -f /etc/chrony/conf.d/jagalchi.conf /etc/sysusers.d/jagalchi.conf /etc/tmpfiles.d/jagalchi.conf
    systemctl daemon-reload
    rm -rf "$OPT"
    if [ -z "$purge" ]; then
        say "removed; key, enrolment and records stay in $STATE, settings in $ETC"
        return
    fi
    empty "$STATE"
    rm -rf "$ETC/agent.toml" "$ETC/agent.toml.before"
    rmdir --ignore-fail-on-non-empty "$ETC" 2>/dev/null || true
    if id -u jagalchi >/dev/null 2>&1; then userdel jagalchi; fi
    say "removed, with key and records"
}

# A partition of its own stays, empty.
empty() {
    if mountpoint -q "$1"; then find "$1" -mindepth 1 -delete; else rm -rf "$1"; fi
}

# --- the card -------------------------------------------------------------------------------------

# What was set before is kept until the computer starts anew, when nothing of this is set.
be_gentle() {
    local place
    place=$(findmnt -no TARGET -T "$STATE")
    [ -e "$BEFORE" ] || findmnt -no OPTIONS "$place" >"$BEFORE"
    mount -o remount,noatime,commit=300 "$place"
    say "$place: noatime,commit=300"
}

be_plain() {
    local place before access=atime,relatime commit=5
    [ -e "$BEFORE" ] || return 0
    place=$(findmnt -no TARGET -T "$STATE") before=,$(cat "$BEFORE"),
    if [[ $before == *,noatime,* ]]; then access=noatime; fi
    if [[ $before =~ ,commit=([0-9]+), ]]; then commit=${BASH_REMATCH[1]}; fi
    mount -o "remount,$access,commit=$commit" "$place"
    rm "$BEFORE"
    say "$place: $access,commit=$commit"
}

# --- files that are there whole or not at all -----------------------------------------------------

version_at() { basename "$(readlink "$OPT/$1" 2>/dev/null || true)"; }

point() {
    ln -sfn "$2" "$OPT/$1.new"
    mv -T "$OPT/$1.new" "$OPT/$1"
    sync "$OPT"
}

put() { printf '%s\n' "$2" >"$1.new"; give_name "$1"; }

install_file() { mkdir -p "$(dirname "$2")"; cat "$1" >"$2.new"; give_name "$2"; }

give_name() { sync "$1.new"; mv -T "$1.new" "$1"; sync "$(dirname "$1")"; }

remove() { rm -f "$1"; sync "$(dirname "$1")"; }

main "$@"
