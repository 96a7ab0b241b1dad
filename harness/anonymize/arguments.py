"""Where well-known programs take a password or a key on their command line, as a table.

A program is named with what its command line tells: a flag alone means that the next word is secret,
``-p*`` that it may also be attached (``-pWORD``), ``-u:`` that account and password stand there with
this sign between, ``@2`` that the second word that is no flag is one, counted from 0 after the
subcommand, ``@-1`` the last one. A subcommand after a slash must stand there.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

_TABLE = """
mysql mysqldump mysqladmin mysqlimport mysqlsh mysqlshow mysqlcheck mysqlbinlog mariadb mariadb-dump mariadb-admin = -p* --defaults-password
mongosh mongo mongodump mongorestore mongoexport mongoimport mongostat mongotop cqlsh cypher-shell arangosh couchbase-cli cbq cbbackupmgr mssql-cli nodetool jmxterm snowsql trino presto = -p -pw
redis-cli valkey-cli keydb-cli = -a --pass
redis-server valkey-server = --requirepass --masterauth
sshpass = -p*
ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldappasswd ldapcompare ldapmodrdn ldapurl dsconf dsidm = -w* -s
docker/login podman/login nerdctl/login buildah/login skopeo/login oras/login helm/login crane/login regctl/login oc/login az/login argocd/login kubelogin/login lpass/login = -p --password --client-secret
skopeo buildah oras = --creds: --src-creds: --dest-creds:
twine = -p
htpasswd/-b = @-1
openssl = -k -passin -passout -pass -K -passwd -password
smbclient smbmap smbget rpcclient winexe wmic smbcacls smbpasswd = -U% --user%
lftp = -u,
ncftp ncftpput ncftpget ncftpls = -p
sqlcmd bcp osql isql tsql dtexec = -P*
mosquitto_pub mosquitto_sub mosquitto_rr ipmitool = -P*
mosquitto_passwd/-b = @-1
7z 7za 7zz rar unrar unar = -p*
zip unzip zipcloak = -P*
gpg gpg2 = --passphrase
keytool jarsigner apksigner = -storepass -keypass -srcstorepass -deststorepass -srckeypass -destkeypass -new
snmpwalk snmpget snmpset snmpgetnext snmpbulkwalk snmptable snmptrap = -c* -A -X
influx = -t --token -password
rclone/obscure = @0
vault/login = @0
vault/unseal = @0
rabbitmqctl/add_user rabbitmqctl/change_password rabbitmqctl/authenticate_user = @1
rabbitmqadmin = -p
mc/alias = @3 @4
evil-winrm crackmapexec netexec nxc hydra medusa xfreerdp freerdp rdesktop secretsdump certipy bloodhound-python kerbrute = -p -H
wpa_passphrase = @1
useradd usermod = -p
snyk/auth cargo/login wandb/login tailscale/login = @0
doctl/auth = -t
plink pscp psftp puttygen = -pw
psexec schtasks = -p /p /rp
security/unlock-keychain security/import security/create-keychain = -p -P
security/add-generic-password security/add-internet-password = -w
curl = -u: --user: -U: --proxy-user: --oauth2-bearer --pass --proxy-pass
http https xh = -a:
ab siege wrk = -A: -P:
etcdctl = --user:
clickhouse-client clickhouse = --password
ansible-vault = --vault-pass
kadmin kinit = -w
git-crypt age = -p
pdftk qpdf = user_pw owner_pw
nmcli wifi = password psk wifi-sec.psk 802-1x.password
s3cmd = --access_key --secret_key
cadaver davfs curlftpfs = user=:
duplicity restic borg = --passphrase
az/keyvault = --value
gcloud/secrets = --data
aws/put-parameter aws/put-secret-value aws/create-secret aws/update-secret = --value --secret-string
aws/rds aws/redshift aws/docdb = --master-user-password
gem/push = --key -k
hub/login glab/login gh/login = --token -t
firebase = --token
vercel netlify = --token --auth -t
surge = --token
telnyx = --token
sentry-cli/login = --auth-token
pulumi/set = --value
"""


class _Row(NamedTuple):
    """What a program's command line tells."""

    below: str
    """The subcommand or flag that must stand there, or nothing."""
    flags: dict[str, str]
    """Flag -> the sign between account and password, ``*`` where it may be attached, or nothing."""
    words: tuple[int, ...]
    """Which words are secret, counted after the subcommand."""


@lru_cache(maxsize=1)
def programs_told() -> dict[str, tuple[_Row, ...]]:
    """Return the table by a program's name."""
    made: dict[str, list[_Row]] = {}
    for line in _TABLE.strip().splitlines():
        names, _, told = line.partition(" = ")
        flags: dict[str, str] = {}
        words: list[int] = []
        for each in told.split():
            if each[0] == "@":
                words.append(int(each[1:]))
            elif each[-1] in ":,%*":
                flags[each[:-1]] = each[-1]
            elif each != "=":
                flags[each] = ""
        for name in names.split():
            program, _, below = name.partition("/")
            made.setdefault(program, []).append(_Row(below, flags, tuple(words)))
    return {name: tuple(rows) for name, rows in made.items()}


class Told(NamedTuple):
    """A secret among a program's arguments."""

    number: int
    """Of which argument."""
    start: int
    end: int
    user: int
    """Where the account before it ends, counted as the others; minus one where there is none."""


def secrets_among(program: str, arguments: Sequence[str]) -> Iterator[Told]:
    """Yield where a program's arguments, without their quotes, hold a secret."""
    for row in programs_told().get(program, ()):
        if row.below and not _below(row.below, arguments):
            continue
        for index, each in enumerate(arguments):
            yield from _flagged(row, index, each, arguments)
        yield from _placed(row, arguments)


def _below(below: str, arguments: Sequence[str]) -> bool:
    if below[0] == "-":
        return any(re.fullmatch(rf"-\w{{0,4}}{below[1]}\w{{0,4}}", a) for a in arguments[:4])
    return below in arguments[:6]


def _flagged(row: _Row, index: int, each: str, arguments: Sequence[str]) -> Iterator[Told]:
    flag, sign, _ = each.partition("=")
    told = row.flags.get(each)
    if told is not None:
        if index + 1 < len(arguments):
            yield from _pair(told, index + 1, 0, arguments[index + 1])
        return
    if sign and (told := row.flags.get(flag)) is not None:
        yield from _pair(told, index, len(flag) + 1, each)
        return
    told = row.flags.get(each[:2])
    if told and len(each) > 2 and each[1] != "-":
        yield from _pair(told, index, 2, each)


def _pair(sign: str, index: int, start: int, argument: str) -> Iterator[Told]:
    if sign in {"", "*"}:
        skipped = 5 if argument.startswith("pass:", start) else 0
        if not _REFERENCE.match(argument, start):
            yield Told(index, start + skipped, len(argument), -1)
        return
    at = argument.find(sign, start)
    if at >= 0 and argument[at : at + 3] != "://":
        yield Told(index, at + 1, len(argument), at)


_REFERENCE = re.compile(r"(?:file|env|fd|stdin|prompt)\b:?")


def _placed(row: _Row, arguments: Sequence[str]) -> Iterator[Told]:
    if not row.words:
        return
    plain = [i for i, a in enumerate(arguments) if not a.startswith("-")]
    if row.below and row.below[0] != "-":
        at = next((n for n, i in enumerate(plain) if arguments[i] == row.below), -1)
        plain = plain[at + 1 :]
        if row.below == "alias":
            plain = plain[:1] + plain[1:]
    for number in row.words:
        if number < 0 and len(plain) > 1:
            yield Told(plain[-1], 0, len(arguments[plain[-1]]), -1)
        elif 0 <= number < len(plain):
            index = plain[number]
            yield Told(index, 0, len(arguments[index]), -1)
