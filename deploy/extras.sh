#!/bin/sh
# Makes what a release has beside the program, in dist-extra: manual pages, completions
# for shells, and the service for packages, whose program is in /usr/bin. PINCHWORK is
# the program; the one in the sources by default.
set -eu
cd "$(dirname "$0")/.."
out=${1:-dist-extra}
pinchwork=${PINCHWORK:-go run ./cmd/pinchwork}
mkdir -p "$out/completions"
$pinchwork man "$out/man"
$pinchwork completion bash >"$out/completions/pinchwork.bash"
$pinchwork completion zsh >"$out/completions/_pinchwork"
$pinchwork completion fish >"$out/completions/pinchwork.fish"
sed 's:/usr/local/bin:/usr/bin:' deploy/pinchwork.service >"$out/pinchwork.service"
