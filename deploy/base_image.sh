#!/usr/bin/env bash
# Makes a base image for the Dockerfile out of this machine's own Python and libraries: no registry, no network.
#
#   deploy/base_image.sh [TAG]                        TAG is twilio-openai-base:local unless named
#   PYTHON=/usr/bin/python3 deploy/base_image.sh      with another Python than the first on the PATH
#
# The image holds what python:slim holds for our purpose: CPython >= 3.11 with pip, its shared libraries, a shell and a
# few file tools, the time zones, and the certificates that this machine trusts. Needs Linux with glibc, tar, an engine.
set -euo pipefail

tag=${1:-twilio-openai-base:local}
python=${PYTHON:-python3}
certificates=/etc/ssl/certs/ca-certificates.crt
tools="sh env cat ls cp mv rm ln mkdir rmdir chmod chown touch id date sleep timeout head tail cut tr wc tee xargs grep
    sed find sort uname hostname"
# What binary wheels take for granted on every Linux (PEP 600), though Python itself may do without.
wheels_expect="libc.so.6 libm.so.6 libdl.so.2 librt.so.1 libutil.so.1 libpthread.so.0 libresolv.so.2 libnss_files.so.2
    libnss_dns.so.2 libgcc_s.so.1 libstdc++.so.6 libz.so.1"

fail() { echo "base_image: $*" >&2; exit 1; }

"$python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "$python is not a Python >= 3.11 with pip: name one with PYTHON="
docker version >/dev/null 2>&1 || fail "no container engine answers"

ask() { "$python" -c "import os, sys, sysconfig, pip; print($1)"; }
version=$(ask '"%d.%d" % sys.version_info[:2]')
interpreter=$(ask 'os.path.realpath(getattr(sys, "_base_executable", sys.executable))')
stdlib=$(ask 'sysconfig.get_path("stdlib")')
pip=$(ask 'os.path.dirname(pip.__file__)')

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

make_directories() {
    local directory
    mkdir -p "$root"/{etc,root,tmp,usr/bin,usr/lib,usr/local/bin,var/tmp}
    # Where /bin, /lib and their like are links into /usr, they are in the image too.
    for directory in /bin /sbin /lib /lib32 /lib64; do
        [ -L "$directory" ] || continue
        mkdir -p "$root/usr$directory"
        ln -s "usr$directory" "$root$directory"
    done
}

copy_python() {
    local home=$root/usr/local/lib/python$version
    local packages; packages=$home/$(basename "$(dirname "$pip")")
    mkdir -p "$packages"
    tar -C "$stdlib" -c --exclude=__pycache__ --exclude=tests --exclude=./test --exclude=./idlelib --exclude=./tkinter \
        --exclude=./turtledemo --exclude='./config-*' --exclude=./site-packages --exclude=./dist-packages . | tar -C "$home" -x
    tar -C "$(dirname "$pip")" -c --exclude=__pycache__ pip | tar -C "$packages" -x
    cp -L "$interpreter" "$root/usr/local/bin/python$version"
    ln -s "python$version" "$root/usr/local/bin/python3"
    ln -s python3 "$root/usr/local/bin/python"
    # Not by the time of the source: that is set to one date below, so that the same files make the same layer.
    "$interpreter" -m compileall -q --invalidation-mode unchecked-hash -s "$root" "$home"
}

libraries_of() { { ldd "$@" 2>/dev/null || true; } | sed -n 's/.*[[:space:]]\(\/[^ ]*\) (0x.*/\1/p' | sort -u; }

copy_libraries() {
    local needed home library
    needed=$(libraries_of "$interpreter" "$stdlib"/lib-dynload/*.so)
    home=$(dirname "$(grep '/libc\.so' <<<"$needed")")
    for library in $wheels_expect; do
        [ ! -e "$home/$library" ] || needed+=" $home/$library"
    done
    for library in $needed; do
        case $library in
            /lib*|/usr/lib*) cp -L --parents "$library" "$root" ;;
            *) cp -L "$library" "$root$home/" ;;  # one of Python's own: the loader looks beside the C library unasked
        esac
    done
    strip --strip-unneeded "$root/usr/local/bin/python$version" "$root$home"/libpython* 2>/dev/null || true
}

copy_tools() {
    local tool path
    for tool in $tools; do
        path=$(type -P "$tool") || continue
        cp -L --parents "$path" $(libraries_of "$path") "$root"
    done
}

copy_data() {
    local path
    for path in /etc/os-release /etc/nsswitch.conf /usr/share/zoneinfo /usr/lib/locale/C.utf8 "$certificates"; do
        [ ! -e "$path" ] || cp -rL --parents "$path" "$root"
    done
    echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
    echo 'root:x:0:' >"$root/etc/group"
}

import_image() {
    local -a changes=(--change 'ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8' --change 'CMD ["python3"]')
    [ ! -e "$certificates" ] || changes+=(--change "ENV SSL_CERT_FILE=$certificates PIP_CERT=$certificates")
    chmod -R a+rX "$root"
    chmod 1777 "$root/tmp" "$root/var/tmp"
    tar -C "$root" -c --sort=name --mtime=2000-01-01Z --owner=0 --group=0 --numeric-owner . |
        docker import "${changes[@]}" - "$tag" >/dev/null
}

make_directories
copy_python
copy_libraries
copy_tools
copy_data
import_image
docker run --rm --network none "$tag" python3 -c 'import ctypes, lzma, pip, sqlite3, ssl, venv, zoneinfo' ||
    fail "$tag is made, but its Python does not work"
size=$(docker image inspect -f '{{.Size}}' "$tag")
echo "$tag: $("$interpreter" -V), $((size / 1000000)) MB"
