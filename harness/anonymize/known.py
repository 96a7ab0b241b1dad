"""Keys, tokens and hashes of a form that somebody documents."""

import re
from collections.abc import Iterator
from string import ascii_lowercase
from typing import NamedTuple

from harness.anonymize.pattern import pattern
from harness.anonymize.shape import Shape, at_each, cue, near, places
from harness.anonymize.spans import Span

SURE = 95
"""Weight of a documented form."""


class Known(NamedTuple):
    """A form of key that a provider documents."""

    needles: tuple[str, ...]
    """What every one of them holds, at least one of these."""
    form: re.Pattern[str]
    """Group 1 is the secret, or the whole match."""
    kind: str
    before: int
    """How far before its needle one may begin."""
    begins: bool
    """Whether its needle begins a word."""


_B, _E = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"


def _known(needles: str, text: str, kind: str, before: int = 0) -> Known:
    begins = not before and text.startswith((_B, r"\b"))
    return Known(tuple(needles.split()), pattern(text), kind, before, begins)


KNOWN: tuple[Known, ...] = (
    _known(
        "-----BEGIN",
        r"-----BEGIN[ A-Z0-9_-]{0,100}(?:PRIVATE KEY|PGP MESSAGE)[ A-Z0-9_-]{0,20}-----(?:[\s\S]{0,20000}?-----END[ A-Z0-9_-]{0,100}-----|[A-Za-z0-9+/=\s\\\"',:.-]*)",
        "private_key",
    ),
    _known(
        "PuTTY-User-Key-File",
        r"PuTTY-User-Key-File-\d[\s\S]{0,8000}?Private-MAC: ?[0-9a-f]+",
        "private_key",
    ),
    _known(
        "SSH2",
        r"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----(?:[\s\S]{0,8000}?---- END[^-]{0,80}----)?",
        "private_key",
        before=11,
    ),
    _known("AGE-SECRET-KEY-", r"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{50,}", "private_key"),
    _known(
        "ssh-rsa ssh-ed25519 ecdsa-sha2-",
        r"\b(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-nistp\d+) (AAAA[A-Za-z0-9+/=]{40,})",
        "ssh_key",
    ),
    _known(
        "eyJ",
        rf"{_B}ey[IJ][A-Za-z0-9_-]{{6,}}\.(?:ey[A-Za-z0-9_-]{{4,}}|[A-Za-z0-9_-]{{8,}})(?:\.[A-Za-z0-9_-]*){{0,3}}(?:=+)?",
        "jwt",
    ),
    _known("ZXlK", r"\bZXlK[A-Za-z0-9+/_-]{40,}={0,2}", "jwt"),
    _known(
        "AKIA ASIA ABIA ACCA A3T AROA AIDA AGPA AIPA ANPA ANVA APKA ASCA",
        r"(?<![A-Z0-9])(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|AIPA|ANPA|ANVA|APKA|ASCA)[A-Z0-9]{16}(?![A-Z0-9a-z])",
        "aws_key",
    ),
    _known(
        "ABSK bedrock-api-key-",
        r"\b(?:ABSK[A-Za-z0-9+/]{60,}={0,2}|bedrock-api-key-[A-Za-z0-9+/=]{16,})",
        "aws_key",
    ),
    _known("amzn.mws. amzn1.", r"\bamzn(?:\.mws\.|1\.oa2-cs\.v1\.)[0-9a-f-]{32,}", "aws_key"),
    _known("AIza", rf"{_B}AIza[A-Za-z0-9_-]{{30,}}", "google_key"),
    _known(
        "GOCSPX- ya29. GOOG 1//0",
        r"\b(?:GOCSPX-[\w-]{20,}|ya29\.[\w.-]{20,}|GOOG[A-Z0-9]{12,}|1//0[\w-]{20,})",
        "google_key",
    ),
    _known(
        ".apps.googleusercontent.com",
        r"\b\d{6,}-[a-z0-9]{20,}\.apps\.googleusercontent\.com",
        "google_client",
        before=140,
    ),
    _known(
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ ghe_",
        rf"{_B}(?:gh[pousre]_[A-Za-z0-9]{{20,}}|github_pat_\w{{22,}})",
        "github_token",
    ),
    _known(
        "glpat- gldt- glrt- glft- glsoat- glcbt- glptt- glimt- glagent- glffct- GR1348941 _gitlab_session feed_token glwt- gloas-",
        r"\b(?:gl(?:pat|dt|rt|ft|soat|cbt|ptt|imt|agent|ffct|wt)-[\w.-]{10,}|gloas-[\w-]{20,}|GR1348941[\w-]{20,}|_gitlab_session=[0-9a-z]{32})",
        "gitlab_token",
    ),
    _known(
        "xox xapp- xwfp-",
        r"\b(?i:xox[abceoprs]-[A-Za-z0-9-]{8,}|xox[abeoprs]\.[A-Za-z0-9.-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}|xwfp-[A-Za-z0-9-]{10,})",
        "slack_token",
    ),
    _known(
        "hooks.slack.com",
        r"(?:https?://)?(?i:hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/_-]{20,})",
        "hook",
        before=8,
    ),
    _known(
        "discord.com/api/ discordapp.com/api/",
        r"(?:https?://)?(?:(?:ptb|canary)\.)?discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/\d+/[\w-]{20,}",
        "hook",
        before=16,
    ),
    _known(
        ".webhook.office.com",
        r"[\w-]{1,100}\.webhook\.office\.com/webhookb2/[\w@/-]{40,}",
        "teams_hook",
        before=100,
    ),
    _known(
        "sk- pk- rk-",
        rf"{_B}(?:sk|pk|rk)-(?:(?:ant|proj|or|svcacct|admin|lf|live|test|None)-?[\w-]{{12,}}|[A-Za-z0-9]{{20,}}|(?=[\w-]{{0,200}}\d)(?=[\w-]{{0,200}}[A-Z])[\w-]{{24,}})",
        "model_key",
    ),
    _known(
        "sk_ pk_ rk_live_ rk_test_ rk_prod_ whsec_",
        rf"{_B}(?i:(?:(?:[spr]k_(?:live|test|prod)_|whsec_)[A-Za-z0-9+/_=]{{8,}}|[sp]k_[a-z0-9]{{24,}}))",
        "stripe_key",
    ),
    _known("hf_ api_org_", rf"{_B}(?:hf_[A-Za-z0-9]{{24,}}|api_org_[A-Za-z]{{30,}})", "model_key"),
    _known(
        "gsk_ xai- r8_ nvapi- tgp_v1_ pplx- fw_ csk- lsv2_ pa- jina_ esecret_ dapi",
        rf"{_B}(?:gsk_[A-Za-z0-9]{{20,}}|xai-[A-Za-z0-9]{{20,}}|r8_[A-Za-z0-9]{{20,}}|nvapi-[\w-]{{20,}}|tgp_v1_[\w-]{{20,}}|pplx-[A-Za-z0-9]{{20,}}|fw_[A-Za-z0-9]{{20,}}|csk-[a-z0-9]{{20,}}|lsv2_(?:pt|sk)_[0-9a-f_]{{20,}}|jina_[\w-]{{20,}}|pa-[A-Za-z0-9_-]{{30,}}|esecret_[\w=]{{20,}}|dapi[0-9a-f]{{32}}(?:-\d)?)",
        "model_key",
    ),
    _known(
        "npm_ pypi- oy2 rubygems_ cio dckr_pat_ dckr_oat_ CLOJARS_",
        rf"{_B}(?:npm_[A-Za-z0-9]{{24,}}|pypi-(?:AgEI|AgEN|AgENd)[\w-]{{20,}}|pypi-[\w-]{{40,}}|oy2[a-z0-9]{{43}}|rubygems_[0-9a-f]{{32,}}|cio[A-Za-z0-9]{{32}}|dckr_[po]at_[\w-]{{20,}}|(?i:CLOJARS_)[A-Za-z0-9]{{40,}})",
        "registry_token",
    ),
    _known(
        "NpmToken _auth",
        r"(?i:(?:NpmToken\.|_auth(?:Token)?\s*=\s*)(?P<v>[\w.+/=-]{16,}))",
        "registry_token",
    ),
    _known(
        ":_auth :_password",
        r"//[^\s/:]{1,200}(?:/[^\s:]{0,200})?/:_(?:auth(?:Token)?|password)[ \t]*=[ \t]*([\w.+/=-]{4,})",
        "registry_token",
        before=400,
    ),
    _known(
        "==",
        r"(?<![\w+/=-])(?<!ssh-rsa )[A-Za-z0-9+/]{86}==(?![\w=+/])",
        "key_of_64_bytes",
        before=86,
    ),
    _known("SG.", rf"{_B}SG\.[\w-]{{16,}}\.[\w-]{{16,}}", "mail_key"),
    _known(
        "key- xkeysib- xsmtpsib- mlsn. re_",
        rf"{_B}(?:key-[0-9a-f]{{32}}|x(?:keysib|smtpsib)-[0-9a-f]{{40,}}-\w+|mlsn\.[0-9a-f]{{40,}}|re_[A-Za-z0-9]{{6,10}}_[A-Za-z0-9]{{16,}})",
        "mail_key",
    ),
    _known("-us", rf"{_B}[0-9a-f]{{32}}-us\d{{1,2}}", "mail_key", before=32),
    _known("AC SK", rf"{_B}(?:AC|SK)[0-9a-fA-F]{{32}}{_E}", "twilio_key"),
    _known(
        "EAA sq0 shpat_ shpca_ shppa_ shpss_ access_token$ FLWPUBK FLWSECK",
        r"\b(?:EAAA[\w-]{40,}|EAA[MC][A-Za-z0-9]{80,}|sq0[a-z]{3}-[\w-]{20,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{20,}|access_token\$(?:production|sandbox)\$[0-9a-z]+\$[0-9a-f]{32}|FLW(?:PUBK|SECK)(?:_TEST)?-[0-9a-zA-Z-]{12,})",
        "payment_key",
    ),
    _known(
        "live_ test_ EZAK EZTK",
        rf"{_B}(?:(?:live|test)_(?:pub_)?(?=[a-zA-Z=-]{{0,60}}\d)(?=[a-z0-9=-]{{0,60}}[A-Z])[0-9a-zA-Z=-]{{30,}}(?!\w)|EZ[AT]K[A-Za-z0-9]{{50,}})",
        "payment_key",
    ),
    _known(
        "hvs. hvb. hvr. s. b. r.",
        r"\b(?:hv[sbr]\.[\w-]{20,}|[sbr]\.(?=[A-Za-z0-9]{0,24}\d)(?=[A-Za-z0-9]{0,24}[A-Z])[A-Za-z0-9]{24}(?![\w]))",
        "vault_token",
    ),
    _known(".atlasv1.", r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{50,}", "vault_token", before=14),
    _known(
        "doo_v1_ dop_v1_ dor_v1_ dp. ops_ pul- tskey- fo1_ fm1r_ fm1a_ fm2_ fio-u- NRAK- NRJS- NRII- NRAA- NRRA- HRKU- rnd_ sgp_ glsa_ glc_ tfp_ CFPAT- dt0c01. v1.0- PMAK- pat. sntry lin_api_ ntn_ secret_ figd_ figoh figu ATATT ATCTT ATBB BBDC- A3-",
        rf"{_B}(?:do[opr]_v1_[0-9a-f]{{40,}}|dp\.(?:pt|st|ct|sa|scim|audit)(?:\.\w+)?\.[A-Za-z0-9_-]{{16,}}|ops_eyJ[\w+/=-]{{40,}}|pul-[0-9a-f]{{40}}|tskey-[a-z]+-[\w-]{{10,}}|fo1_[\w-]{{43}}|fm(?:1[ar]|2)_[\w+/=]{{60,}}|fio-u-[\w=-]{{40,}}|NR(?:AK|JS|II|AA|RA)-[\w-]{{15,}}|HRKU-[\w-]{{30,}}|rnd_[A-Za-z0-9]{{20,}}|sgp_[A-Za-z0-9_]{{40,}}|gls?[ac]_[A-Za-z0-9+/_=]{{30,}}|tfp_[A-Za-z0-9_]{{40,}}|CFPAT-[\w-]{{30,}}|dt0[a-zA-Z]\d{{2}}\.[A-Z0-9]{{24}}\.[A-Z0-9]{{60,}}|v1\.0-[0-9a-f]{{24}}-[0-9a-f]{{140,}}|PMAK-[0-9a-fA-F]{{24}}-[0-9a-fA-F]{{34}}|pat\.[\w-]{{20,}}\.[\w.-]{{20,}}|sntry[su]_[\w+/=-]{{40,}}|lin_api_[A-Za-z0-9]{{32,}}|ntn_[A-Za-z0-9]{{30,}}|secret_[A-Za-z0-9]{{40,}}|fig(?:d|oh|oh|uh?)_[\w-]{{30,}}|AT[AC]TT3[\w=-]{{40,}}|ATBB[\w=]{{20,}}|BBDC-[A-Za-z0-9+/@_-]{{30,}}|A3-[A-Z0-9]{{6}}-[A-Z0-9]{{6,11}}-[A-Z0-9]{{5,6}}-[A-Z0-9]{{5}}-[A-Z0-9]{{5}}(?:-[A-Z0-9]{{5}})?)",
        "service_token",
    ),
    _known(
        "pscale_ sbp_ phc_ phx_ phs_ duffel_ p8e- AP AKC oc- sl. LTAI st. ico- nfp_ nfc_ nfo_ nfu_ nfb_ zpka_ dnkey-",
        rf"{_B}(?:pscale_(?:tkn|pw|oauth)_[\w.=-]{{30,}}|sbp_[0-9a-f]{{40}}|ph[cxs]_[\w-]{{30,}}|duffel_(?:test|live)_[\w=-]{{40,}}|p8e-[a-z0-9]{{32}}|API-[A-Z0-9]{{20,}}|AP(?:\d|[A-F](?=[a-zA-Z0-9]*(?:\d|xxx)))[a-zA-Z0-9]{{8,}}|AKC[a-zA-Z0-9]{{10,}}|sl\.[\w-]{{100,}}|LTAI[A-Za-z0-9]{{16,}}|st\.[0-9a-f]{{8,}}[\w.-]{{20,}}|dnkey-[\w=-]{{26}}-[\w=-]{{52}}|phs_[\w]{{20,}}|ico-[A-Za-z0-9]{{32}}|nf[pcoub]_[A-Za-z0-9]{{30,}}|zpka_[\w]{{30,}}|oc-[A-Za-z0-9]{{32,}})",
        "service_token",
    ),
    _known("AAAAAAAA AAAAA", r"\b(?:A{18,}[A-Za-z0-9%]{60,})", "service_token"),
    _known(":AA", rf"{_B}(?:bot)?(\d{{5,16}}:AA[\w-]{{30,}})", "bot_token", before=19),
    _known(
        "$2 $5$ $6$ $1$ $argon2 $y$ {SSHA} pbkdf2_ scrypt $apr1$",
        r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}|\$(?:1|5|6|y|apr1)\$(?:[^\s$:,\"']{1,40}\$){1,2}[./A-Za-z0-9]{16,}|\$argon2(?:id?|d)\$v=\d+\$[^\s\"']{20,}|\{SSHA\d*\}[A-Za-z0-9+/=]{20,}|pbkdf2_sha\d+\$\d+\$[^\s\"']{20,}",
        "password_hash",
    ),
    _known(
        "AccountKey= SharedAccessKey= sig= SharedAccessSignature= SharedSecret=",
        r"(?i:(?:AccountKey|SharedAccessKey|SharedSecret)=([A-Za-z0-9+/=%]{16,})|[?&]sig=([A-Za-z0-9%+/=_-]{16,}))",
        "azure_key",
        before=1,
    ),
    _known("Q~", r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])", "azure_key", before=4),
    _known(
        "X-Amz-Signature X-Amz-Security-Token X-Amz-Credential Signature= X-Goog-Signature",
        r"(?i:X-(?:Amz|Goog)-(?:Signature|Security-Token|Credential)=([A-Za-z0-9%/+=_.-]{10,})|\bSignature=([A-Za-z0-9%/+=_-]{16,}))",
        "signature",
    ),
    _known("Credential=", r"Credential=([A-Z0-9]{16,}/\d{8}/[\w/-]+)", "aws_key"),
    _known("otpauth://", r"otpauth://[^\s?]*\?(?:[^\s\"']*&)?secret=([A-Z2-7a-z]{8,})", "otp_seed"),
    _known("MII", rf"{_B}MII[A-Za-z0-9+/\r\n]{{100,}}={{0,2}}", "private_key"),
    _known("cloudinary://", r"cloudinary://(\d+:[\w-]+)@", "service_token"),
)


_SPACED = frozenset({"-----BEGIN", "PuTTY-User-Key-File", "SSH2", "ssh-rsa", "NpmToken", ":_auth"})
_SPACED_FORMS = frozenset(number for number, each in enumerate(KNOWN) if each.needles[0] in _SPACED)
_SHORTEST = 12
_THREE_PARTS = pattern(rf"{_B}[MNO][A-Za-z\d_-]{{23,27}}\.[\w-]{{6}}\.[\w-]{{27,45}}{_E}")
"""A bot's token; nothing in it is a literal, but it is long and without space."""


class _Index(NamedTuple):
    """Which needles, of which forms, may stand in a text, by what is known of its words."""

    cues: dict[str, list[tuple[int, str]]]
    """By letters that a word holds."""
    words: dict[str, list[tuple[int, str]]]
    """By a whole word: needles with too few letters for a cue, which begin a word."""
    others: dict[str, list[tuple[int, str]]]
    """By something short in them."""


def _index() -> _Index:
    made = _Index({}, {}, {})
    for number, each in enumerate(KNOWN):
        for needle in each.needles:
            low = needle.lower()
            word = low[: len(low) - len(low.lstrip(ascii_lowercase))]
            if told := cue(low):
                made.cues.setdefault(told, []).append((number, needle))
            elif each.begins and word and word != low:
                made.words.setdefault(word, []).append((number, needle))
            else:
                made.others.setdefault("$" if "$" in low else "", []).append((number, needle))
    return made


_INDEX = _index()
_MANY, _JOINTS = 1_000, frozenset("-_.+/=")


def _possible(text: str, tokens: str, shape: Shape) -> dict[int, list[str]]:
    """Return the forms that may stand in a text with these long runs without space, with their needles."""
    cues, words, others = _INDEX
    told = [cues[each] for each in shape.cues & cues.keys()]
    told += [words[each] for each in shape.words & words.keys()]
    told += [needles for sign, needles in others.items() if sign in tokens]
    found = sorted(
        each
        for needles in told
        for each in needles
        if each[1] in tokens or (each[0] in _SPACED_FORMS and each[1] in text)
    )
    made: dict[int, list[str]] = {}
    for number, needle in found:
        made.setdefault(number, []).append(needle)
    return made


def known(text: str, shape: Shape) -> Iterator[Span]:
    """Yield keys of a documented form: a long run without space, but for the few with spaces."""
    tokens = shape.parts(_SHORTEST)
    for number, needles in _possible(text, tokens, shape).items():
        _, form, kind, before, _ = KNOWN[number]
        anchors = places(text, *needles)
        if len(anchors) > _MANY:  # a hostile run of them is read once
            anchors = [at for at in anchors if at == 0 or text[at - 1] not in _JOINTS]
        for found in (
            near(form, text, anchors, before, 200) if before else at_each(form, text, anchors)
        ):
            group = found.lastindex or 0
            value = found.group(group)
            if not _empty(value):
                yield Span(*found.span(group), kind, value, SURE)
    for token in tokens.split("\n"):
        if len(token) > _THREE_PARTS_LONG and token.count(".") > 1:
            three = _THREE_PARTS.search(token)
            at = text.find(three.group()) if three else -1
            if three and at >= 0:
                yield Span(at, at + len(three.group()), "bot_token", three.group(), SURE)


_THREE_PARTS_LONG = 57


def _empty(value: str) -> bool:
    """Whether a key consists of filling: xxxx, the alphabet, EXAMPLE."""
    core = max(re.split(r"[-_./]", value), key=len)
    return len(set(core.lower())) < 3 and not value.startswith("---")
