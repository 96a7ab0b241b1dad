"""What takes the place of an original: keyed, the same each time, in reserved space.

A surrogate is drawn with HMAC-SHA-256 under the incident's key; where two originals would get the
same one, the later is drawn again, so that distinct stays distinct. Without the key nothing can be
computed back.
"""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable, Iterator
from itertools import count

from harness.anonymize.keys import kind_of_key
from harness.anonymize.numbers import luhn
from harness.anonymize.pattern import pattern
from harness.anonymize.vocabulary import PATH_WORDS, SURROGATE, made_up

_MOST_DRAWS = 10_000
_CROWDED = 500
"""After so many draws of taken numbers they are drawn a digit longer."""
_LETTERS = "abcdefghijklmnop"


class Surrogates:
    """All surrogates of one incident."""

    def __init__(self, key: bytes, incident: str) -> None:
        """Take the key, and the incident whose surrogates these are."""
        self._key = hmac.digest(key, b"harness/1/" + incident.encode(), "sha256")
        self._made: dict[tuple[str, str], str] = {}
        self._secrets: dict[str, str] = {}
        self._owner: dict[tuple[str, str], str] = {}

    def draw(self, purpose: str, value: str, draws: int = 0) -> bytes:
        """Return 32 keyed bytes for a value."""
        text = f"{purpose}\0{draws}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, text, "sha256")

    def unique(self, space: str, value: str, make: Callable[[bytes], str]) -> str:
        """Return the surrogate of a value in a space, different from those of all other values."""
        made = self._made.get((space, value))
        if made is not None:
            return made
        for draws in range(_MOST_DRAWS):
            made = make(self.draw(space, value, draws))
            if self._owner.setdefault((space, made), value) == value:
                self._made[space, value] = made
                return made
        made = f"ANON_{space.upper()}_{self.draw(space, value).hex()[:24]}"
        self._made[space, value] = made  # the reserved space is full
        return made

    def of(self, kind: str, value: str, written: str) -> str:
        """Return what takes the place of a value of a kind, written in a certain way."""
        maker = MAKERS.get(kind)
        if maker is not None:
            return maker(self, value, written)
        kind = self._secrets.setdefault(value, kind)
        made = f"ANON_{kind.upper()}_"
        return self.unique("secret_" + kind, value, lambda raw: made + raw.hex()[:16])

    def made(self) -> Iterator[tuple[tuple[str, str], str]]:
        """Yield every surrogate with its space and its original."""
        yield from self._made.items()

    def label(self, space: str, value: str) -> str:
        """Return ten hexadecimal digits that stand for a value."""
        return self.unique(space, value, lambda raw: raw.hex()[:10])


def _email(made: Surrogates, value: str, written: str) -> str:
    del written
    return f"anon-{made.label('email', value)}@example.org"


def _host(made: Surrogates, value: str, written: str) -> str:
    value = value.rstrip(".").lower()
    if "." not in value:
        return f"anon-{made.label('host', value)}.example"
    head, _, domain = value.partition(".")
    if domain.count(".") == 0:
        return f"anon-{made.label('domain', value)}.example"
    port = ""
    del written
    return f"anon-{made.label('host', head)}.{_host(made, domain, domain)}{port}"


def _ipv4(made: Surrogates, value: str, written: str) -> str:
    del written
    plain, slash, bits = value.partition("/")
    network, _, last = plain.rpartition(".")
    subnet = made.unique("subnet4", network, _subnet)
    if last in {"0", "255"}:
        return f"{subnet}.{last}{slash}{bits}"
    host = made.unique("host4/" + network, last, lambda raw: str(1 + raw[0] % 254))
    return f"{subnet}.{host}{slash}{bits}"


def _subnet(raw: bytes) -> str:
    return f"198.{18 + raw[0] % 2}.{raw[1]}"


def _ipv6(made: Surrogates, value: str, written: str) -> str:
    del written
    plain, slash, bits = value.partition("/")
    plain, _, _zone = plain.partition("%")
    mapped = ipaddress.IPv6Address(plain).ipv4_mapped
    if mapped is not None:
        return f"::ffff:{_ipv4(made, str(mapped), plain)}{slash}{bits}"
    exploded = ipaddress.IPv6Address(plain).exploded
    net, host = exploded[:19], exploded[20:]
    subnet = made.unique("subnet6", net, lambda raw: raw[:4].hex())
    tail = (
        "0" * 16
        if not host.strip("0:")
        else made.unique("host6/" + net, host, lambda raw: raw[:8].hex())
    )
    digits = f"20010db8{subnet}{tail}"
    address = ipaddress.IPv6Address(int(digits, 16))
    return f"{address}{slash}{bits}"


def _mac(made: Surrogates, value: str, written: str) -> str:
    digits = made.unique("mac", value, _mac_digits)
    if "." in written:
        return ".".join(digits[i : i + 4] for i in (0, 4, 8))
    sign = "-" if "-" in written else ":"
    made_ = sign.join(digits[i : i + 2] for i in range(0, 12, 2))
    return made_.upper() if written.upper() == written and written.lower() != written else made_


def _mac_digits(raw: bytes) -> str:
    return "00005e0053" + raw[:1].hex()


def _phone(made: Surrogates, value: str, written: str) -> str:
    digits = made.unique("phone", value.lstrip("0"), _phone_digits)
    area, rest = digits[:3], digits[6:]
    if "+" in written or written.startswith("00"):
        return f"+1-{area}-555-{rest}"
    if "(" in written:
        return f"({area}) 555-{rest}"
    if written.isdigit():
        return digits
    return f"{area}-555-{rest}"


def _phone_digits(raw: bytes) -> str:
    return f"{200 + int.from_bytes(raw[:4], 'big') % 800}55501{raw[4] % 100:02}"


def _card(made: Surrogates, value: str, written: str) -> str:
    digits = made.unique("card", value, lambda raw: _card_digits(raw, value))
    signs = re.sub(r"\d", "", written)
    if not signs:
        return digits
    source = iter(digits)
    return "".join(next(source, "0") if c.isdigit() else c for c in written)


def _card_digits(raw: bytes, value: str) -> str:
    """Return a number in the ranges of the well-known test cards, with its check digit."""
    prefix = {"3": "378282", "5": "55555555", "2": "55555555", "6": "60111111"}.get(
        value[0], "40000000"
    )
    body = prefix + str(int.from_bytes(raw[:8], "big")).zfill(20)
    body = body[: len(value) - 1]
    return next(body + check for check in "0123456789" if luhn(body + check))


def _iban(made: Surrogates, value: str, written: str) -> str:
    plain = made.unique("iban", value, _iban_plain)
    if " " in written:
        return " ".join(plain[i : i + 4] for i in range(0, len(plain), 4))
    return plain


def _iban_plain(raw: bytes) -> str:
    account = str(int.from_bytes(raw[:8], "big")).zfill(20)[:14]
    bban = "ANON" + account
    number = int("".join(str(int(c, 36)) for c in bban + "GB00"))
    return f"GB{98 - number % 97:02}{bban}"


def _ssn(made: Surrogates, value: str, written: str) -> str:
    digits = made.unique(
        "ssn", value, lambda raw: f"000{int.from_bytes(raw[:4], 'big') % 10**6:06}"
    )
    if written.isdigit():
        return digits
    sign = next((c for c in written if not c.isdigit()), "-")
    return sign.join((digits[:3], digits[3:5], digits[5:]))


def _uuid(made: Surrogates, value: str, written: str) -> str:
    digits = made.unique("uuid", value, lambda raw: raw[:6].hex())
    text = f"00000000-0000-4000-8000-{digits}"
    return text.upper() if written.upper() == written else text


def _hex_id(made: Surrogates, value: str, written: str) -> str:
    del written
    return "0" * 16 + made.unique("hex_id", value, lambda raw: raw[:8].hex())


def _account(made: Surrogates, value: str, written: str) -> str:
    digits = made.unique(
        "account", value, lambda raw: f"0000{int.from_bytes(raw[:4], 'big') % 10**8:08}"
    )
    return "-".join((digits[:4], digits[4:8], digits[8:])) if "-" in written else digits


def _number(made: Surrogates, value: str, written: str) -> str:
    """Return as many digits that begin with 9000, or 900 where there are six or seven.

    Where nearly all of them are taken, there is a digit more.
    """
    lead = "9000" if len(written) > 7 else "900"
    draws = count()

    def digits(raw: bytes) -> str:
        size = len(written) - len(lead) + next(draws) // _CROWDED
        return lead + str(int.from_bytes(raw, "big"))[-size:]

    return made.unique("number", value, digits)


def _pod(made: Surrogates, value: str, written: str) -> str:
    del written
    return f"anon-pod-{made.label('pod', value)}"


def _user(made: Surrogates, value: str, written: str) -> str:
    del written
    return f"anon_{made.label('user', value.lower())}"


def _ticket(made: Surrogates, value: str, written: str) -> str:
    number = made.unique(
        "ticket", value, lambda raw: str(10**7 + int.from_bytes(raw[:4], "big") % (9 * 10**7))
    )
    return number if written.isdigit() else f"ANON-{number}"


def _latitude(made: Surrogates, value: str, written: str) -> str:
    return _degrees(made, "latitude", value, written)


def _longitude(made: Surrogates, value: str, written: str) -> str:
    return _degrees(made, "longitude", value, written)


def _degrees(made: Surrogates, axis: str, value: str, written: str) -> str:
    """Return a place in the open sea where the equator meets the first meridian."""
    digits = min(max(len(written.partition(".")[2]), 4), 12)
    return made.unique(
        axis + str(digits),
        value,
        lambda raw: (
            "0."
            + str(10**17 + int.from_bytes(raw[:7], "big"))[1 : digits + 1]
            .rstrip("0")
            .ljust(digits, "1")
        ),
    )


def _pair_of_degrees(made: Surrogates, value: str, written: str) -> str:
    """Return two places of one text, with what stands between them."""
    del written
    first, sign, second = _TWO_DEGREES.split(value, maxsplit=1)
    return _latitude(made, first, first) + sign + _longitude(made, second, second)


_TWO_DEGREES = pattern(r"([^\d.+-]+(?=[+-]?\d))")


def _hook(made: Surrogates, value: str, written: str) -> str:
    """Return an address where anybody may write, without what lets them."""
    scheme = "https://" if written.startswith("https://") else ""
    plain = value.removeprefix("https://").removeprefix("http://")
    head = re.match(r"[^/]+/(?:api/(?:v\d+/)?)?[a-z]+/", plain)
    made_ = made.unique("hook", plain, lambda raw: "ANON_HOOK_" + raw.hex()[:16])
    return scheme + (head.group() if head else "") + made_


def _place(made: Surrogates, value: str, written: str) -> str:
    return f"{_latitude(made, value, '0.0000')}, {_longitude(made, value, '0.0000')}"


def _arn(made: Surrogates, value: str, written: str) -> str:
    del written
    parts = value.split(":", 5)
    parts[4] = _account(made, parts[4], parts[4]) if parts[4].isdigit() else parts[4]
    head = re.match(r"(?:[a-z][a-z-]*[/:])*", parts[5])
    kept = head.group() if head and parts[2] != "s3" else ""
    parts[5] = kept + "anon-" + made.label("arn", parts[5])
    return ":".join(parts)


def _url(made: Surrogates, value: str, written: str) -> str:
    scheme, _, rest = value.partition("://")
    del written
    cut = re.search(r"[/?#]|$", rest)
    at = cut.start() if cut else len(rest)
    authority, tail = rest[:at], rest[at:]
    credentials, sign, place = authority.rpartition("@")
    if credentials:
        user, colon, password = credentials.partition(":")
        credentials = (_user(made, user, user) if user else "") + colon
        credentials += made.of("password", password, password) if password else ""
    return f"{scheme}://{credentials}{sign}{_place_of(made, place)}{_tail(made, tail)}"


def _place_of(made: Surrogates, place: str) -> str:
    if "," in place:
        return ",".join(_place_of(made, each) for each in place.split(","))
    host, colon, port = (
        place.rpartition(":") if not place.endswith("]") and ":" in place else (place, "", "")
    )
    bare = host.strip("[]")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return _host(made, bare, bare) + colon + port
    if address.version == 4:
        return _ipv4(made, bare, bare) + colon + port
    return f"[{_ipv6(made, bare, bare)}]{colon}{port}"


def _tail(made: Surrogates, tail: str) -> str:
    """Return path and query with what says who is asked about replaced."""

    def segment(found: re.Match[str]) -> str:
        part = found.group()
        stem, dot, ending = part.rpartition(".")
        if part.lower() in PATH_WORDS or re.fullmatch(r"v?\d{1,3}", part):
            return part
        if dot and ending.isalpha() and len(ending) < 6:
            return "anon-" + made.label("path", stem) + dot + ending
        return "anon-" + made.label("path", part)

    path, question, query = (
        re.split(r"(\?|#|$)", tail, maxsplit=1) if re.search(r"[?#]", tail) else (tail, "", "")
    )
    path = re.sub(r"[^/;:@&=,]+", segment, path)

    def asked(found: re.Match[str]) -> str:
        key, value = found.group(1), found.group(2)
        if reserved("", value):
            return found.group()
        if kind_of_key(key) == "secret" and not made_up(value):
            return f"{key}={made.of('token', value, value)}"
        return f"{key}=anon-{made.label('path', value)}"

    query = re.sub(r"([\w.-]{0,60})=([^&#;=]{3,}={0,2})", asked, query)
    if "=" not in query and len(query) > 2:
        query = "anon-" + made.label("path", query)
    return path + question + query


MAKERS: dict[str, Callable[[Surrogates, str, str], str]] = {
    "email": _email, "host": _host, "ipv4": _ipv4, "ipv6": _ipv6, "mac": _mac, "url": _url,
    "phone": _phone, "card": _card, "iban": _iban, "ssn": _ssn, "uuid": _uuid, "hex_id": _hex_id,
    "account": _account, "arn": _arn, "pod": _pod, "user": _user, "ticket": _ticket,
    "latitude": _latitude, "longitude": _longitude, "place": _place, "coordinates": _pair_of_degrees, "hook": _hook, "number": _number,
}  # fmt: skip
"""Kind -> what makes its surrogates; every other kind becomes ``ANON_<KIND>_<hex>``."""


def fingerprint(key: bytes) -> str:
    """Return what tells two keys apart without telling either."""
    return hashlib.sha256(b"harness/key/" + key).hexdigest()[:16]


OWN_EMAIL = pattern(r"anon-[0-9a-f]{10}@example\.org")
"""The e-mail addresses that are drawn here."""
_RESERVED: dict[str, re.Pattern[str]] = {
    "email": pattern(
        r"[\w.+'-]+@(?:[\w-]+\.)*example(?:\.(?:com|org|net|edu))?|[\w.+-]+@[\w.-]*\.(?:test|invalid|localhost|example)"
    ),
    "host": pattern(
        r"anon-[0-9a-f]{10}|198\.1[89]\.\d+\.\d+\.in-addr\.arpa|(?:[\w-]+\.)*(?:example(?:\.(?:com|org|net|edu))?|test|invalid|localhost)(?::\d+)?",
        re.IGNORECASE,
    ),
    "mac": pattern(r"00005e0053[0-9a-f]{2}"),
    "phone": pattern(r"\d*55501\d\d"),
    "iban": pattern(r"GB\d\dANON\d{14}"),
    "ssn": pattern(r"000\d{6}|98765432\d"),
    "uuid": pattern(r"00000000-0000-4000-8000-[0-9a-f]{12}"),
    "hex_id": pattern(r"0{16}[0-9a-f]{16}"),
    "account": pattern(r"0000\d{8}|123456789012|111122223333"),
    "number": pattern(r"900\d{3,4}|9000\d{4,}"),
    "pod": pattern(r"anon-pod-[0-9a-f]{10}"),
    "user": pattern(r"anon[_-][0-9a-f]{10}|(?i:[\w.+-]*(?:person|anon)[a-p]{6}[\w.+-]*)"),
    "ticket": pattern(r"ANON-\d{8}|[1-9]\d{7}"),
    "latitude": pattern(r"[+-]?0\.\d+"),
    "longitude": pattern(r"[+-]?0\.\d+"),
    "arn": pattern(
        r"arn:aws[\w-]*:[\w-]*:[\w-]*:(?:|aws|0000\d{8}|123456789012|111122223333):\S*anon-[0-9a-f]{10}\S*"
    ),
    "person": pattern(
        r"(?i)(?:(?:an?|p)[._ -]{0,2})?(?:anon|person)[a-p]{6}.{0,3}(?:(?:anon|person)[a-p]{6}|[ap]\.?)?"
    ),
    "organisation": pattern(r"(?i)Anon[ _-]?Org[ _-]?[a-p]{6}"),
}
_LOOSE = frozenset(
    {
        "user",
        "host",
        "secret",
        "password",
        "token",
        "cookie",
        "auth_header",
        "number",
        "hex_id",
        "phone",
    }
)
"""Kinds that a place declares, whatever stands there: there may be a surrogate of another kind."""
_TEST_CARDS = pattern(
    r"40000000\d+|55555555\d+|378282\d+|60111111\d+|4111111111111111|4242424242424242|4012888888881881|5105105105105100|6011000990139424|371449635398431|30569309025904|3530111333300000"
)
_SECRET = pattern(r"(?:[A-Za-z0-9]+[-_])?ANON_[A-Z0-9_]+_[0-9a-f]{16,}")


def reserved(kind: str, value: str) -> bool:
    """Whether a value of a kind lies in the space that is set aside for surrogates and examples."""
    if "ANON_" in value and _SECRET.search(value) is not None:
        return True
    if kind in _LOOSE and SURROGATE.search(value.strip("\"'.,;:()[]")) is not None:
        return True
    if kind == "coordinates":
        return all(reserved("latitude", each) for each in re.findall(r"[+-]?\d+\.\d+", value))
    if kind == "card":
        return _TEST_CARDS.fullmatch(value) is not None
    if kind == "ipv4":
        plain = value.partition("/")[0]
        return plain.startswith(("198.18.", "198.19.", "192.0.2.", "198.51.100.", "203.0.113."))
    if kind == "ipv6":
        return value.lower().startswith(("2001:db8:", "::ffff:198.18.", "::ffff:198.19."))
    if kind == "url":
        rest = re.split(r"[/?#]", value.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]
        names = [re.sub(r":\d+$", "", each) for each in rest.split(",")]
        return all(
            reserved("host", n) or reserved("ipv4", n) or reserved("ipv6", n.strip("[]"))
            for n in names
        )
    form = _RESERVED.get(kind)
    return form is not None and form.fullmatch(value) is not None


def letters(raw: bytes, count: int = 6) -> str:
    """Return letters a to p that stand for the first bytes."""
    return "".join(_LETTERS[byte % 16] for byte in raw[:count])
