"""Secrets that only their place tells: a program's table, a column's head, a protocol's verb."""

from typing import Any

import pytest

from harness.anonymize import Anonymizer, settled, verify
from harness.anonymize.arguments import programs_told, secrets_among

KEY = b"places-key-of-at-least-16-bytes"


def through(value: Any) -> Any:
    """Return a document after both passes, verified."""
    made = Anonymizer(KEY, incident="INC-1")
    made.collect(value)
    after = made.replace(value)
    assert verify(value, after, made) == []
    return after


@pytest.mark.parametrize(
    ("program", "arguments", "secret"),
    [
        ("mysql", ["-u", "root", "-pGr8Escape77"], "Gr8Escape77"),
        ("docker", ["login", "-u", "ci", "-p", "Gr8Escape77"], "Gr8Escape77"),
        ("docker", ["run", "-p", "8080:80"], None),
        ("curl", ["-u", "svc:Gr8Escape77", "https://x.example"], "Gr8Escape77"),
        ("htpasswd", ["-b", "-c", "/etc/h", "ann", "Gr8Escape77"], "Gr8Escape77"),
        ("htpasswd", ["-c", "/etc/h", "ann"], None),
        ("openssl", ["pkcs12", "-passout", "pass:Gr8Escape77"], "Gr8Escape77"),
        ("openssl", ["pkcs12", "-passout", "env:PW"], None),
        ("rabbitmqctl", ["add_user", "ann", "Gr8Escape77"], "Gr8Escape77"),
        ("ssh", ["-p", "2222", "ann@host"], None),
    ],
)
def test_the_table_tells_which_argument_is_secret(
    program: str, arguments: list[str], secret: str | None
) -> None:
    """A flag or a place of a program is secret, and the same flag of another is none."""
    found = {arguments[t.number][t.start : t.end] for t in secrets_among(program, arguments)}
    assert found == ({secret} if secret else set())


def test_every_row_of_the_table_is_read() -> None:
    """Each program has a flag or a place; a row that could not match would protect nothing."""
    assert all(row.flags or row.words for rows in programs_told().values() for row in rows)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("$ htpasswd -b -c /etc/nginx/.htpasswd ann copp3rz", "copp3rz"),
        ('command: ["redis-server", "--requirepass", "pwiXQbUoPDJEDUH"]', "pwiXQbUoPDJEDUH"),
        ('{"cmd": "mysql -uroot -pHarvest2x -e 1"}', "Harvest2x"),
        ("args:\n  - --db-password\n  - Harvest2x\n", "Harvest2x"),
        ("INSERT INTO users (id, password) VALUES (1, 'tKwYhrgvonpcL');", "tKwYhrgvonpcL"),
        ("id;correo;contraseña\n7;-;OkEJhZY5MGE147y\n", "OkEJhZY5MGE147y"),
        ("| host | password |\n|---|---|\n| x | tiger.silver51 |\n", "tiger.silver51"),
        ("PGPASSWORD=tiger.dragon29z psql -h x", "tiger.dragon29z"),
        ("PGPASSWORD=egkRuCbolwTrglQdret psql -h x", "egkRuCbolwTrglQdret"),
        ('\n-SMTP_PASSWORD = "DEn6dMFMHhIJG7g"\n', "DEn6dMFMHhIJG7g"),
        ('variable "db_password" {\n  default = "thund3r77"\n}', "thund3r77"),
        ("the vault password for the old account is KYZkGxx54p#+5ZUP", "KYZkGxx54p"),
        ("the jenkins password → 6tb%PD3yrAv0thqtd", "6tb%PD3yrAv0thqtd"),
        ("redis> AUTH q9jAaGySrJNVACCy1L5j", "q9jAaGySrJNVACCy1L5j"),
        ("a1 LOGIN x@example.org ylUXOzb0gYLZ", "ylUXOzb0gYLZ"),
        ("AUTH PLAIN AGlubmNtdgBFUWxoTnNsS1UySEU=", "AGlubmNtdgBF"),
        ("tacacs-server key Pay6GEqwtWcm", "Pay6GEqwtWcm"),
        ("page.getByLabel('Password').fill('copper_walnut82')", "copper_walnut82"),
        ('{"db_password": {"sensitive": true, "value": "rocztYtzXcJr"}}', "rocztYtzXcJr"),
        ("jwt.sign({ id: 1 }, 'XJMS4kJ8fbfZ')", "XJMS4kJ8fbfZ"),
        ("$ vault kv get -field=x secret/crm\n6WLbKFWY7Kqse2wXGB\n", "6WLbKFWY7Kqse2wXGB"),
        ("Authorization: SSWS 00wGGoLR_SANwMaNyf4T5m", "00wGGoLR_SANwMaNyf4T5m"),
        ("glpat-Zk3mN8vQ2xR7wL5tP9ab-ux", "Zk3mN8vQ2xR7wL5tP9ab"),
        ("cockroachdb://svc:Cobalt733x@db.quillmarsh.io:26257/x", "Cobalt733x"),
    ],
)
def test_a_secret_that_its_place_tells_is_gone(text: str, gone: str) -> None:
    """Every class that fresh text showed to be missed is hidden, and verification finds nothing."""
    assert gone not in through(text)


@pytest.mark.parametrize(
    "text",
    [
        "docker run -p 8080:80 nginx:1.27",
        "token = Name.Builtin.Pseudo",
        "an item identified by numbers",
        "The password policy requires 12 characters; the token limit is 128000.",
        "existingSecret: redis-auth",
        'headers = {"Authorization": f"Bearer {token}"}',
        "def test_timestamp_is_read_from_the_first_line_of_a_log(): pass",
        "run --seed 1592237099",
        "ANON_SECRET_be341ece2a872ead",
        "I reset it to HEAD~1.",
    ],
)
def test_what_resembles_such_a_place_stays(text: str) -> None:
    """Code, references and prose are kept."""
    assert through(text) == text


def test_lines_of_base64_below_each_other_are_read_each_for_itself() -> None:
    """A token that fills its line is decoded although the next line could continue it."""
    after = through("dXNlcj1kYjMwLnByb2Qua2VzdHJlbC1wYXkuaW87\nmore")
    assert "dXNlcj1kYjMw" not in after
    assert after.endswith("\nmore")


def test_a_key_before_an_address_is_no_part_of_it() -> None:
    """The same address has one surrogate, with ``user=`` before it or without."""
    first, second = through("ann@kestrel.io user=ann@kestrel.io").split(" user=")
    assert first == second


def test_a_second_literal_in_a_line_stays() -> None:
    """A secret at the end of one quoted word does not swallow the next."""
    after = through('Environment="RESTIC_PASSWORD=8GAcobVRHnCB4" "RESTIC_HOST=a"')
    assert after.endswith('" "RESTIC_HOST=a"')


def test_a_number_is_a_moment_only_where_its_place_says_so() -> None:
    """An argument keeps its value while the moments around it move."""
    after = through("ts=1592237099 ran with --seed 1592237099 at 2026-03-01T10:00:00Z")
    assert "--seed 1592237099" in after
    assert "ts=1592237099" not in after


def test_what_verification_finds_is_replaced_before_it_is_told() -> None:
    """A host's first name that one line tells is gone from the others."""
    text = (
        "Mar 10 10:00:00 quillmarsh sshd[1]: Accepted\nssh config: Host quillmarsh-2 quillmarsh\n"
    )
    made = Anonymizer(KEY, incident="INC-1")
    made.collect(text)
    after, left = settled(text, made)
    assert left == []
    assert "quillmarsh" not in after
