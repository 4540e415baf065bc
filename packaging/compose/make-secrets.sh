#!/bin/sh
# Draws every secret of the cluster once, into `secrets/`, which git ignores. Never overwrites one that is there.
# Keep a copy of `secrets/secrets.key` where your backups are not: without it they cannot be read.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
chmod 700 secrets

random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

[ -s secrets/secrets.key ] || printf '1:%s\n' "$(random 32)" > secrets/secrets.key
[ -s secrets/postgres_password ] || random 24 > secrets/postgres_password
[ -s secrets/valkey_password.conf ] || printf 'requirepass %s\n' "$(random 24)" > secrets/valkey_password.conf
if [ ! -s secrets/node.env ]; then
  postgres=$(cat secrets/postgres_password)
  valkey=$(cut -d' ' -f2 secrets/valkey_password.conf)
  cat > secrets/node.env <<END
COFFERDAM_ADMIN_KEY=$(random 32)
COFFERDAM_STORE__POSTGRES_URL=postgres://cofferdam:$postgres@postgres:5432/cofferdam
COFFERDAM_STORE__REDIS_URL=redis://:$valkey@valkey:6379
END
fi

# The folder is closed to others (0700). Within it, Valkey's own user must be able to read its password in its container; the
# secret key is refused by the program where others could read it, so it belongs to the user that the nodes run as.
chmod 444 secrets/valkey_password.conf
chmod 400 secrets/secrets.key secrets/postgres_password secrets/node.env
uid=$(id -u) gid=$(id -g)
if [ "$uid" -eq 0 ]; then
  uid=65532 gid=65532
  chown "$uid:$gid" secrets/secrets.key
fi
printf 'COFFERDAM_UID=%s\nCOFFERDAM_GID=%s\n' "$uid" "$gid" > .env
chmod 600 .env
echo "secrets/ is there; the nodes run as $uid:$gid"
