#!/bin/bash
# Called by make: puts the agent's wheel, the wheels that it needs, pip, the units and the installer
# into build/wheelhouse, with their checksums. Carried to a truck's computer it needs no network.
#
#   bash .ci/wheelhouse.sh [EXTRAS [PLATFORM [PYTHON [FOLDER]]]]    such as: "pi" linux_aarch64 3.11
#
# Without PLATFORM the wheels are for this machine, and what has none is built here.
set -euo pipefail
cd "$(dirname "$0")/.."

extras=${1:-} platform=${2:-} python=${3:-3.11} house=${4:-build/wheelhouse}
pip() { .venv/bin/python -m pip --quiet "$@"; }

rm -rf "$house" build/lib build/bdist.* # setuptools would ship what lies there from before
mkdir -p "$house"
pip wheel --no-deps --wheel-dir "$house" .
ours=("$house"/jagalchi-*.whl)
wanted="${ours[0]}${extras:+[$extras]}"

if [ -z "$platform" ]; then
    pip wheel --wheel-dir "$house" "$wanted" pip
else
    machine=${platform#linux_} tags=(--platform "$platform" --platform "manylinux2014_${platform#linux_}")
    for minor in $(seq 17 36); do tags+=(--platform "manylinux_2_${minor}_$machine"); done # glibc 2.36: Debian 12
    pip download --only-binary :all: --python-version "$python" --implementation cp "${tags[@]}" \
        --dest "$house" "$wanted" pip || {
        echo "not every part has a wheel for $platform: run make wheelhouse on such a machine"
        exit 1
    }
fi

cp -r systemd/*.service systemd/*.conf systemd/*.d systemd/install.sh "$house"
cp config/agent.toml config/profiles/truck-pi.toml "$house"
sums=$(cd "$house" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
printf '%s\n' "$sums" >"$house/SHA256SUMS"
echo "$house: $(find "$house" -name '*.whl' | wc -l) wheels, $(du -sh "$house" | cut -f 1);" \
    "on the truck's computer: sudo $(basename "$house")/install.sh"
