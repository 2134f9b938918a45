#!/bin/sh
# What the Dockerfile does, without an engine: `clean_root.sh CONTEXT ROOT PYTHON UV CACHE`, in namespaces of its own
# (unshare -mn), where there is no network but the loopback. ROOT gets the system's programs to read and nothing of ours.
set -eu
context=$1 root=$2 python=$3 uv=$4 cache=$5
ip link set lo up
replace=

for folder in usr bin lib lib64 etc; do
    if [ -L "/$folder" ]; then
        ln -s "$(readlink "/$folder")" "$root/$folder"
    elif [ -d "/$folder" ]; then
        mkdir -p "$root/$folder"
        mount --bind -o ro "/$folder" "$root/$folder"
    fi
done
mkdir -p "$root/dev" "$root/proc" "$root/tmp" "$root/opt" "$root/src" "$root/cache" "$root/$python" "$root/var/lib/shiyao"
chmod 1777 "$root/tmp"
chmod 755 "$root" "$root/opt" "$root/var" "$root/var/lib"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --bind "$python" "$root/$python"
mount --bind "$context" "$root/src"
mount --bind "$cache" "$root/cache"
cp "$uv" "$root/uv"

inside() { $replace chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/tmp "$@"; }
inside UV=/uv UV_OFFLINE=1 UV_CACHE_DIR=/cache UV_LINK_MODE=copy PYTHON="$python/bin/python3" sh /src/.ci/image/build /opt/shiyao
echo "built: $(du -sm "$root/opt/shiyao" | cut -f1) MB"

# As the image runs it: nobody special, everything but two folders read-only, nothing of the source left.
umount "$root/src" "$root/cache"
rm "$root/uv"
chown 10001:10001 "$root/var/lib/shiyao"
mount --bind -o ro "$root/opt" "$root/opt"
as_image() {
    inside PATH="/opt/shiyao/bin:/usr/bin:/bin" HOME=/var/lib/shiyao PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
        SHIYAO_VAR=/var/lib/shiyao SHIYAO_LOG_FILE=- SHIYAO_LOG_FORMAT=json SHIYAO_SIGN_IN=accounts \
        setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs "$@"
}
as_image shiyao serve --address=0.0.0.0 --no-sample && exit 9
printf 'a-long-password-for-a-test\n' | as_image shiyao user add 王芳 --role 管理员
as_image shiyao check --json
(replace=exec && as_image shiyao serve --address=0.0.0.0 --no-sample) &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server || true' EXIT
tries=0
until as_image sh -c "$HEALTHCHECK" 2>"$root/tmp/health"; do
    tries=$((tries + 1))
    [ $tries -lt 120 ] && kill -0 $server || { cat "$root/tmp/health"; exit 8; }
    sleep 0.5
done
echo "healthy as $(stat -c %u "/proc/$server")"
find "$root/var/lib/shiyao" -type f -not -uid 10001
