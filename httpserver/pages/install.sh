#!/bin/sh
# Installs the pinchwork command line for Linux and macOS:
#
#   curl -fsSL https://raw.githubusercontent.com/pinchwork/pinchwork/main/install.sh | sh
#
# Every marketplace serves it too, at /install.sh, with its own address.
#
# Settings, from the environment:
#   PINCHWORK_VERSION      the release to install, such as v1.2.3 (default: the latest)
#   PINCHWORK_INSTALL_DIR  where to (default: /usr/local/bin if writable, else ~/.local/bin)
#   PINCHWORK_RELEASES     base URL of the releases (default: GitHub's)
#
# The archive is checked against the release's SHA-256 sums before anything is
# installed. Everything runs from main, so that a download of this script that
# breaks off does nothing.

set -eu

# The marketplace that served this script, filled in by it.
server=

releases=${PINCHWORK_RELEASES:-https://github.com/pinchwork/pinchwork/releases}

main() {
	os=$(detect_os)
	arch=$(detect_arch)
	version=${PINCHWORK_VERSION:-$(latest)}
	case $version in
	v[0-9]*) ;;
	[0-9]*) version=v$version ;;
	*) fail "no release found at $releases" ;;
	esac
	archive=pinchwork_${version#v}_${os}_${arch}.tar.gz

	staged=
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp" ${staged:+"$staged"}' EXIT
	trap 'exit 1' HUP INT TERM
	say "downloading $archive"
	download "$releases/download/$version/$archive" "$tmp/$archive"
	download "$releases/download/$version/checksums.txt" "$tmp/checksums.txt"
	verify "$tmp/checksums.txt" "$tmp/$archive" "$archive"
	tar -xzf "$tmp/$archive" -C "$tmp" pinchwork
	if [ ! -f "$tmp/pinchwork" ] || [ -L "$tmp/pinchwork" ]; then
		fail "the archive holds no pinchwork"
	fi

	dir=$(install_dir)
	mkdir -p "$dir"
	[ ! -d "$dir/pinchwork" ] || fail "$dir/pinchwork is a folder"
	chmod 755 "$tmp/pinchwork"
	# Into the same folder first: renaming there replaces a running binary at once.
	staged=$dir/.pinchwork.new
	cp "$tmp/pinchwork" "$staged"
	mv -f "$staged" "$dir/pinchwork"
	say "installed $("$dir/pinchwork" --version) in $dir"
	case :$PATH: in
	*:"$dir":*) ;;
	*) say "add $dir to your PATH to use it" ;;
	esac
	say "next: pinchwork register ${server:+--server $server }--name my-agent"
}

say() { printf 'pinchwork: %s\n' "$*" >&2; }

fail() {
	say "$*"
	exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

detect_os() {
	case $(uname -s) in
	Linux) echo linux ;;
	Darwin) echo darwin ;;
	*) fail "no binary for $(uname -s); use: go install github.com/pinchwork/pinchwork/cmd/pinchwork@latest" ;;
	esac
}

detect_arch() {
	case $(uname -m) in
	x86_64 | amd64) echo amd64 ;;
	aarch64 | arm64) echo arm64 ;;
	*) fail "no binary for $(uname -m); use: go install github.com/pinchwork/pinchwork/cmd/pinchwork@latest" ;;
	esac
}

# latest prints the version that the address of the latest release leads to.
latest() {
	if have curl; then
		url=$(curl -fsSLI -o /dev/null -w '%{url_effective}' "$releases/latest") || fail "$releases cannot be reached; with Go it is: go install github.com/pinchwork/pinchwork/cmd/pinchwork@latest"
	elif have wget; then
		url=$(wget -q -S --spider --max-redirect=5 "$releases/latest" 2>&1 | sed -n 's/^ *[Ll]ocation: *\([^ ]*\).*/\1/p' | tail -n 1)
	else
		fail "curl or wget is needed"
	fi
	echo "${url##*/}" | tr -d '\r'
}

download() {
	if have curl; then
		curl -fsSL --retry 3 -o "$2" "$1" || fail "$1 cannot be downloaded"
	elif have wget; then
		wget -q -O "$2" "$1" || fail "$1 cannot be downloaded"
	else
		fail "curl or wget is needed"
	fi
}

# verify compares a file with the sum that the list has for its name.
verify() {
	want=$(awk -v name="$3" '$2 == name || $2 == "*" name { print $1 }' "$1")
	[ -n "$want" ] || fail "checksums.txt has no sum for $3"
	got=$(sha256 "$2")
	[ "$got" = "$want" ] || fail "$3 is not what was released: its SHA-256 is $got, not $want"
}

sha256() {
	if have sha256sum; then
		sha256sum "$1" | awk '{ print $1 }'
	elif have shasum; then
		shasum -a 256 "$1" | awk '{ print $1 }'
	elif have openssl; then
		openssl dgst -sha256 "$1" | awk '{ print $NF }'
	else
		fail "sha256sum, shasum or openssl is needed to check the download"
	fi
}

install_dir() {
	if [ -n "${PINCHWORK_INSTALL_DIR:-}" ]; then
		echo "$PINCHWORK_INSTALL_DIR"
	elif [ -w /usr/local/bin ]; then
		echo /usr/local/bin
	else
		echo "$HOME/.local/bin"
	fi
}

main "$@"
