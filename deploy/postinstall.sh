#!/bin/sh
# After the installation of a package: the admin key that the service wants is made, once.
set -eu
etc=${DPKG_ROOT:-}/etc/pinchwork
mkdir -p "$etc"
if [ ! -e "$etc/admin.key" ]; then
	(umask 077 && head -c 32 /dev/urandom | base64 >"$etc/admin.key")
fi
if [ -d /run/systemd/system ] && [ -z "${DPKG_ROOT:-}" ]; then
	systemctl daemon-reload || true
fi
