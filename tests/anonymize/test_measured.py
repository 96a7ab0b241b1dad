"""What an independent measurement found: each of these was missed, told wrongly or refused once."""

import base64
import json
from typing import Any

import pytest

from harness.anonymize import Anonymizer, Roster, scan, verify

KEY = b"a key of thirty-two bytes, at le"
KEY_ID = "AKIA" + "PPBUKZYWEWLPD62A"
GITHUB = "ghp_" + "kuvCz87iMfpQJAHaCR9ylG6xzMPxDOVp19qt"


def through(value: Any, **options: Any) -> Any:
    """Return a document after both passes: verified, and at rest in a second incident."""
    made = Anonymizer(KEY, incident="INC-1", **options)
    made.collect(value)
    after = made.replace(value)
    assert verify(value, after, made) == []
    again = Anonymizer(b"another key of the right length!", incident="INC-2")
    again.collect(after)
    assert again.replace(after) == after
    return after


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (r"net use Z: \\web33.qantera.dev\share yYpTAcR#wRtN /user:CORP\noor", "yYpTAcR#wRtN"),
        (r"net use Z: \\redis.qantera.dev\share yYpTAcR#wRtN /user:CORP\noor", "qantera"),
        ("smbclient //db.qantera.local/backup -U hashdown%_-eig46W7qQY", "_-eig46W7qQY"),
        ("smbclient //db.qantera.local/backup -U hashdown%_-eig46W7qQY", "qantera"),
        ("snmp-server community orbit-horse-battery RO", "orbit-horse-battery"),
        ("snmpwalk -v2c -c orbit-horse-battery 10.1.2.3", "orbit-horse-battery"),
        ('(ConvertTo-SecureString "Dragon2022#" -AsPlainText -Force)', "Dragon2022#"),
        ("CREATE USER 'svc' IDENTIFIED BY 'Gr8Escape77';", "Gr8Escape77"),
        ("Das Passwort lautet Gr8Escape77", "Gr8Escape77"),
        ("пароль: Gr8Escape77", "Gr8Escape77"),
        ("username: root\npassword: root\n", "password: root"),
        ("username:root\npassword:crickets", "crickets"),
        ("password: >-\n  Gr8Escape77\n", "Gr8Escape77"),
        (f"{KEY_ID},HMot7WUpJK3kNEmBxW3tFirsWnlgdbuLhXi0EHKK", "HMot7WUp"),
        (
            "#HttpOnly_.quillmarsh.com\tTRUE\t/\tTRUE\t0\tsid\tq9w8e7r6t5y4u3i2",
            "q9w8e7r6t5y4u3i2",
        ),
        ("#HttpOnly_.quillmarsh.com\tTRUE\t/\tTRUE\t0\tsid\tq9w8e7r6", "quillmarsh"),
        ("devise_pepper: '3d538f5bfb40073e5d3083b1474ca07cd2d30c3659388b7c'", "3d538f5bfb40"),
        ("login=x&password=gVPi_vFEjupGi&grant_type=password", "gVPi_vFEjupGi"),
        ("write to dana dot kovacs at quillmarsh dot com", "quillmarsh"),
        ("My email is john at gmail.com", "john"),
        ("https://dana%40quillmarsh.com:p%40ss%2Fw0rdX@repo.quillmarsh.com/", "quillmarsh"),
        ("https://dana%40quillmarsh.com:p%40ss%2Fw0rdX@repo.quillmarsh.com/", "w0rdX"),
        ("https://wiki.tarnwood.de/reset?token=XrmIelt4Ygy17xRggZVX&page=2", "tarnwood"),
        ("Node: db53.qantera.com/172.16.197.126", "172.16.197.126"),
        ("app.corvantis.dev.\t\t300\tIN\tA\t10.1.2.3", "corvantis"),
        ("Received: from api-3.qantera.io (api-3.qantera.io [10.1.2.3]) by mx", "qantera"),
        ("sb://qm-bus.servicebus.windows.net/;SharedAccessKeyName=Root", "qm-bus"),
        ("http://173266451/status", "173266451"),
        ("ingest-consumer-rhvbbqtlc-bgkjt   0/1   CrashLoopBackOff", "rhvbbqtlc"),
        ("mac=3c22fb901a7e", "3c22fb901a7e"),
        ("tenant_id=7d3f0b1e52c44a9d8e610c9fb2a4d713", "7d3f0b1e52c4"),
        ("at 47°29'52.5\"N 19°02'24.9\"E", "52.5"),
        ("secret: ZAqwMk3Lp9ZAqwMk3Lp9AA=\nC:\\Users\\takumi.wojcik\\x", "takumi"),
        ("<secret>{AQAAABAAA .v2QPKHl7LcdVYsjaR4LgQiZ1zw3MAnMyiondXC63;}</secret>", "v2QPKHl7"),
    ],
)
def test_what_was_missed_is_hidden(text: str, gone: str):
    """Every form of the measurement that was missed is hidden, and its outcome is at rest."""
    assert gone not in through(text)


@pytest.mark.parametrize(
    "text",
    [
        "upgrade django 4.2.11 -> 5.0.3 and node v20.11.1",
        "section 10.2.1.4 of the manual",
        "username: Login name\npassword: Login password",
        "username: string\npassword: string\n",
        r"regex \\bfoo\b and \\d3\d match",
        "int a; // db/x is slow",
        "Bump sigs.k8s.io and k8s.io/client-go/tools/cache",
        "EndpointSuffix=core.windows.net DD_SITE=datadoghq.eu",
        "curl https://api.sendgrid.com/v3/mail/send",
        '{"user_id": 99999, "uid": 1000, "count": 48213345, "order": 123456}',
        "user_id=31337 token_count: 48213345",
    ],
)
def test_what_was_told_wrongly_stays(text: str):
    """Versions, sections, schemas, escapes, public services and short or other numbers stay."""
    assert through(text) == text


@pytest.mark.parametrize(
    "value",
    [
        "https://dkovacs:" + GITHUB + "@github.com/quillmarsh/app.git",
        "mysql -h 10.1.2.3 -u svc -pTiger1957x orders",
        {"token": "550e8400-e29b-41d4-a716-446655440000"},
        {"session": "acme-7c9d8b6f5d-x2xkp"},
        {"password": "10.2.3.4", "secret": "+1 212 555 7788"},
        {"mac": "3c:22:fb:90:1a:7e"},
        {"by": {GITHUB: "some text of words 12"}},
        "DATABASE_URL=postgres://postgres:S3cr3tPw@db-1.acme.internal/x\npostgres is down",
        {"api_key": "3c1f0a9bd27e4f5a8b6c0d1e2f3a4b5c"},
    ],
)
def test_an_outcome_is_not_told_of(value: Any):
    """What stands in the place of an original is no finding, wherever it stands."""
    through(value)


@pytest.mark.parametrize(
    "value",
    [
        {"argv": ["mysql", "--password", "Gr8Escape77", "-h", "x"]},
        '{"argv": ["mysql", "--password", "Gr8Escape77", "-h", "x"]}',
        {"env": [{"name": "DB_PASSWORD", "value": "Gr8Escape77"}]},
        '{"env": [{"name": "DB_PASSWORD", "value": "Gr8Escape77"}]}',
    ],
)
def test_a_flag_and_a_name_tell_of_what_follows(value: Any):
    """In objects and in JSON text, a flag's item and a pair of name and value are declared."""
    assert "Gr8Escape77" not in json.dumps(through(value))


def test_what_follows_another_flag_stays():
    """A flag that declares nothing says nothing of the next item."""
    value = {"argv": ["run", "--replicas", "web-three", "--token-file", "x.txt"]}
    assert through(value) == value
    assert through(json.dumps(value)) == json.dumps(value)


def test_a_mapped_address_is_the_address():
    """An IPv4 address and the same in IPv6 are one host."""
    plain, mapped = through(["10.83.214.19", "peer ::ffff:10.83.214.19"])
    assert mapped == f"peer ::ffff:{plain}"


def test_an_account_of_a_domain_is_the_account():
    """An account with its domain and the account in a path are one person."""
    after = through(["user=QUILLMARSH\\nkovacs8", "/home/nkovacs8/x"])
    account = after[0].rpartition("\\")[2]
    assert after[1] == f"/home/{account}/x"
    assert "QUILLMARSH" not in after[0]


def test_a_basic_credential_is_replaced_where_it_stands():
    """Another detector's password that begins like the scheme leaves the scheme alone."""
    after = through("<jdbc-url>postgresql://postgres:postgres@<your-address>:5432</jdbc-url>")
    assert after.startswith("<jdbc-url>postgresql://")


class TestNumbers:
    """Numbers under ids: as many digits, reserved, injective, the same in texts."""

    def test_a_number_has_as_many_digits_and_is_one_entity(self):
        """A JSON number stays a number; the same digits elsewhere are the same person."""
        after = through(
            {"user_id": 48213345, "id": "7", "customer_id": "48213345", "n": [48213345],
             "note": "user 48213345 asked; order 48213346", "arguments": '{"user_id":48213345}'}
        )  # fmt: skip
        number = after["user_id"]
        assert isinstance(number, int)
        assert len(str(number)) == 8
        assert str(number).startswith("9000")
        assert after["customer_id"] == str(number)
        assert after["n"] == [number]
        assert after["note"] == f"user {number} asked; order 48213346"
        assert after["arguments"] == f'{{"user_id":{number}}}'

    @pytest.mark.parametrize(("number", "lead"), [(482133, "900"), (10**17 + 3, "9000")])
    def test_the_reserved_form_says_what_it_is(self, number: int, lead: str):
        """Numbers of six or seven digits begin with 900, longer ones with 9000."""
        after = through({"account_id": number})["account_id"]
        assert len(str(after)) == len(str(number))
        assert str(after).startswith(lead)

    def test_many_numbers_stay_apart(self):
        """Where the reserved numbers of a length are taken, a longer one is drawn."""
        after = through([{"member_id": each} for each in range(100_000, 101_050)])
        made = {each["member_id"] for each in after}
        assert len(made) == 1050
        assert all(str(each).startswith("900") for each in made)

    def test_short_numbers_and_fractions_stay(self):
        """Up to five digits, and what has a fraction, identifies nobody."""
        value = {"user_id": 48213, "customer_id": 4821334.5, "count": 4821334, "uid": 0}
        assert through(value) == value

    def test_scan_tells_of_a_number(self):
        """What import would replace, scan finds in a file."""
        (found,) = scan({"user_id": 48213345, "count": 48213345})
        assert (found.kind, found.path) == ("number", ("user_id",))
        assert "48213345" not in found.why


def test_a_name_of_the_roster_in_a_windows_path_is_whole():
    """A token's padding before a path joins no lines."""
    after = through(
        "key = 8YD4PU4h+FlrgZAqwM=\nC:\\Users\\takumi.wojcik\\x",
        roster=Roster(names=("Aiko Wojcik",)),
    )
    assert "takumi" not in after


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("login as x.y with password orbit-orbit-horse-correct on h", "orbit-orbit"),
        ("the new wifi password is orbit-mango-correct-horse", "orbit-mango"),
        (f"old key {KEY_ID} / T6VYgL3Jhr5VMXUx84Qs6IYUxGM6hg2yaG7hrh3O", "T6VYgL3J"),
        ("credentials: dmitrin / mango-horse-mango-battery", "mango-horse"),
        ('account_ids       = ["688432544373"]', "688432544373"),
        ("dial-in +49 30 3676843 pin 805759", "805759"),
        ('requests.get(url, auth=("garethr", "tDsitZwZ8h2l"))', "tDsitZwZ8h2l"),
        ('HTTPBasicAuth("garethr", "tDsitZwZ8h2l")', "tDsitZwZ8h2l"),
        ("sqlplus ikov/JJzpc_c4VmX@//nfs-36.nimble.internal:1521/ORCL", "JJzpc_c4VmX"),
        ("sqlplus ikov/JJzpc_c4VmX@//nfs-36.nimble.internal:1521/ORCL", "nimble"),
        ("jdbc:oracle:thin:scott/tiGer9xx@//db1.nimble.internal:1521/x", "tiGer9xx"),
        ("PING gw49.bluepeak-retail.net(2600:1f28:c2c3::62ef) 56 data bytes", "bluepeak"),
        ("scan report for v.bluepeak-retail.net (10.1.2.3)", "bluepeak"),
        ("64 bytes from fe80::526f:fcff:fe79:6167: icmp_seq=1", "fcff:fe79"),
        ("64 bytes from 2a01:f1f2:99a0:7e11:81f6:3d5c:77c3:222: icmp", "77c3"),
        ("SET PASSWORD FOR 'x'@'%' = PASSWORD('battery-carbon-lemon');", "battery"),
        ('{"type": "Point", "coordinates": [101.75293, 35.968602]}', "35.968602"),
        ('x "coordinates":[101.75293,35.968602], y', "101.75293"),
        ("server_name app.qantera.dev;", "qantera"),
        ("redis-cli -u redis://default:Abc123defG@10.1.2.3:6379 ; curl x", "Abc123defG"),
    ],
)  # fmt: skip
def test_what_a_second_look_missed_is_hidden(text: str, gone: str):
    """What stands beside its account, after an address or without a verb is hidden too."""
    assert gone not in through(text)


@pytest.mark.parametrize(
    "text",
    [
        "with password authentication and token rotation by token count",
        "GPIO pin 12, and pin 3; pin 1234x",
        'auth = ("none", "basic")',
        'login("Enter user", "Enter password")',
        "credentials: read / write",
        "Change-Id: I53281eea0d44a6d6ff72b118030b5fef79da9d31",
        "-rw-r--r-- 1 root staff 96 Apr  2 09:14 x",
        "std.io(x) and app.net(1.2)",
    ],
)
def test_what_a_second_look_told_wrongly_stays(text: str):
    """Prompts, kinds of access, pins of a board, change ids and calls stay."""
    assert through(text) == text


def test_a_key_below_a_value_is_no_part_of_it():
    """Two strings one below the other are one literal only where the second is no key."""
    after = through('"apikey": "6LeJCDh9xBGSzpZhYpOpVolW"\n"region": "eu-west-1"')
    assert '"region": "eu-west-1"' in after
    assert "6LeJ" not in after
    assert "ann.lee" not in through('x = "ann.lee@quill"\n    "marsh.com"')


def test_a_packed_surrogate_is_no_finding():
    """A private key in base64 becomes a surrogate in base64, which looks drawn at random."""
    pem = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIPq3vBzkQ1\n-----END EC PRIVATE KEY-----\n"
    packed = base64.b64encode(pem.encode()).decode()
    assert packed not in through(f"user:\n    client-key-data: {packed}\n    x: y")


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("aws configure set aws_secret_access_key rOoMY4OQoDRSS/nGwDLOmhRXEeJ8S", "rOoMY4O"),
        ("define('DB_PASSWORD', 'orbit-battery-correct-mango')", "orbit-battery"),
        ('os.environ.setdefault("DB_PASS", "Dragon1998!")', "Dragon1998"),
        ("cookie was `connect.sid=s%3ArWfsgurCDwPrNgd53-WyZC1`", "rWfsgurC"),
        ("--docker-server=app.tarnwood.ai", "tarnwood"),
        ("curl -u 'd2LkV78zLx!t9:' https://localhost:9200", "d2LkV78zLx"),
        ("export BUNDLE_ENTERPRISE__CONTRIBSYS__COM=cafebabe:deadbeef", "deadbeef"),
        ('export SUMOLOGIC_ACCESSID="suDbJw97o9WVo0"', "suDbJw97o9"),
        ("vault login s.OmRXpnoJlOnDyFlzhfIZibqF", "OmRXpnoJ"),
        ("scp x h:/tmp/\n81.83.166.139\tdb", "81.83.166.139"),
        ("consul kv get -token=7d3f0b1e-52c4-4a9d-8e61-0c9fb2a4d713 x", "52c4-4a9d"),
        (r"net use Z: \\db-1.dc2.local\share Tiger1957x /user:QM\noor.b", "noor.b"),
    ],
)
def test_what_a_third_look_missed_is_hidden(text: str, gone: str):
    """A key and its value as arguments, and what stands after a program's own word."""
    assert gone not in through(text)


@pytest.mark.parametrize(
    "text",
    [
        "DB_PASSWORD: !vault prod/db",
        "ssh -i ~/.ssh/prod.pem ec2-user@bastion",
        "default via fe80::1 dev eth0",
        't("password", "required") f("token", "password_hash")',
        "git config set user.name x; config set token_count 12345678",
    ],
)
def test_what_a_third_look_told_wrongly_stays(text: str):
    """Tags of YAML, accounts that every machine has, a router's usual address, names of fields."""
    assert through(text) == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("htpasswd -b /etc/nginx/.htpasswd rosalindb Mju1FALlvNEHL", "Mju1FALl"),
        ("printf '%s' 'qfVVOhJ*6Oxywe-j' | base64", "qfVVOhJ"),
        ("echo 'Summer1960?' | sudo -S systemctl restart app", "Summer1960"),
        ('"ParameterKey":"DbPassword","ParameterValue":"mango-carbon-lemon-correct"', "mango"),
        ("unzip -P KjfdlHXzTQ3lm3u1 backup.zip", "KjfdlHXz"),
        ("7z x -pLgTX77Uy4o5Z b.7z", "LgTX77Uy"),
        ("openssl enc -aes-256-cbc -k WwfUsijmAtfuZv -in a", "WwfUsij"),
        ("::add-mask::6ZmbiAtIIFLrRsYUZCVvXHBjBjEqHOJR7J", "6ZmbiAt"),
        ("Password for 'https://ann@grafana.qantera.net': V7RyJnFH%KkPo", "V7RyJnFH"),
        ("DATABASE_PASSWORD (from vault): carbon-mango-orbit-lemon", "carbon"),
        ("Default creds were admin:battery-orbit-horse-correct on x", "battery"),
        ("* Connected to app.helionix.com (10.1.2.3) port 443", "helionix"),
    ],
)
def test_what_a_fourth_look_missed_is_hidden(text: str, gone: str):
    """Passwords that stand at a place of a command line, and answers to a prompt."""
    assert gone not in through(text)


@pytest.mark.parametrize(
    "text",
    [
        'ETag: W/"5e1f-9rhgO5saCXnC1QSpmQYe9CE4Uv"',
        "restic -r s3:s3.amazonaws.com/bkp; sqs.us-east-1.amazonaws.com",
        'echo hello | base64 ; echo "build done" | tee x',
        "Password for root: \nLast login",
        "trace c55017997107df6af4deeed4437817df",
        '"ParameterKey":"InstanceType","ParameterValue":"t3.micro"',
    ],
)
def test_what_a_fourth_look_told_wrongly_stays(text: str):
    """Tags of answers, entrances that all customers share, ordinary words in a pipe."""
    assert through(text) == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("rabbitmqctl add_user ann 'mango-orbit-horse-lemon'", "mango-orbit"),
        ("lftp -u ann,49Vtvb-1i9Lr1Dte3 ftp.x", "49Vtvb"),
        ("xfreerdp /v:10.1.2.3 /u:noorn /p:3ihL2O5aDvP-b9 /cert:ignore", "3ihL2O5a"),
        ("ALTER ROLE app WITH LOGIN PASSWORD 'correct-horse-battery-mango'", "correct-horse"),
        ("mysqladmin -u root password 'lemon-carbon-correct-mango'", "lemon-carbon"),
        (r"smbclient -L nfs.qantera.local -U 'CORP\noor.haddad%Kd8sPw01x'", "noor"),
        (r"smbclient -L nfs.qantera.local -U 'CORP\dkoss%Kd8sPw01x'; ls /home/dkoss", "dkoss"),
        ("run(\"x\", 'Dragon1998!')", "Dragon1998"),
        ("it was Summer2024! all along", "Summer2024"),
    ],
)
def test_what_a_fifth_look_missed_is_hidden(text: str, gone: str):
    """Passwords of further programs, and those whose form tells."""
    assert gone not in through(text)


@pytest.mark.parametrize(
    "text",
    [
        "aws secretsmanager get-secret-value --secret-id prod/db --query SecretString",
        "'password must be set' and password 'required' or \"password\"",
        "glob 'Logs2024*' and 'Foo$Bar12' and \"Array#map22\"",
        "In 2024! Room 101? v2024# Python3!",
    ],
)
def test_what_a_fifth_look_told_wrongly_stays(text: str):
    """Names of secrets, messages, patterns, classes and anchors stay."""
    assert through(text) == text


@pytest.mark.parametrize("written", [dict, json.dumps])
def test_a_value_below_a_secret_key_is_secret(written: Any):
    """``{"db_password": {"sensitive": true, "value": ...}}``, as Terraform writes it."""
    value = {"db_password": {"sensitive": True, "type": "string", "value": "lemon-mango-orbit"}}
    assert "lemon" not in json.dumps(through(written(value)))


def test_an_environment_with_a_collector_passes_verification():
    """An account in an address's user part or query is a surrogate afterwards."""
    key = "01bc1411f9bfb90192167c34473a097c"
    after = through(
        f"PUSHER_APP_SECRET=x9\nSENTRY_DSN=https://{key}@o49785.ingest.sentry.io/411\n"
        "jdbc:mysql://db-1.acme.internal:3306/x?user=ann8&password=Abc12345x\n"
        "PINECONE_API_KEY=7d3f0b1e-52c4-4a9d-8e61-0c9fb2a4d713"
    )
    assert key not in after
