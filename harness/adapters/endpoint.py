"""One address on the network: requests out, JSON objects in, and what goes wrong in between.

What a failure means is decided here, once, for all adapters that speak HTTP. Nothing was answered:
``Unavailable``, to be tried again. The time is over: ``OutOfTime``. Something was answered that
cannot be read: ``Unusable``, a trial without a grade. The request is not taken as it is:
``Refused``. The configuration leads nowhere: ``ModelError``.
"""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import time
from typing import NoReturn
from urllib.parse import urlsplit, urlunsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

import aiohttp

from harness.domain.project import ModelConfig
from harness.domain.record import Json
from harness.errors import ModelError, printable
from harness.ports.model import AdapterContext, OutOfTime, Refused, Unavailable, Unusable
from harness.ports.secrets import Secrets

MAX_REPLY_BYTES = 4 * 1024 * 1024
"""The longest reply that is read; 64 of them at once must fit beside everything else."""
_MAX_ERROR_BYTES = 16 * 1024
_SHOWN = 200
_WAITABLE = frozenset({408, 409, 425, 429})
"""Statuses below 500 that pass by themselves."""
_OF_THIS_REQUEST = frozenset({400, 413, 414, 422})
"""Statuses that speak of one request, not of the address or the key."""
_FIRST_ERROR = 300
_SERVER_ERROR = 500
_MOVED = range(300, 400)
_LONGEST_WAIT_S = 24 * 3600.0
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # compression costs more than it saves on a loopback
    "Cache-Control": "no-cache",
    "Content-Type": "application/json",
    "User-Agent": "postmortem-harness",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where requests go, with which headers, and through which proxy."""

    url: str
    headers: Mapping[str, str]
    proxy: str | None = None
    certificates: str | None = None


def address(
    config: ModelConfig,
    context: AdapterContext,
    *,
    base: str,
    path: str,
    headers: Mapping[str, str],
) -> Address:
    """Return the address of a model's endpoint; proxies and certificates from the environment."""
    parts = urlsplit(config.base_url or base)
    whole = parts.path.rstrip("/")
    if not whole.endswith(path):
        whole += path
    url = urlunsplit((parts.scheme, parts.netloc, whole, parts.query, ""))
    environ = context.environ
    return Address(
        url,
        {**headers, **config.headers},
        _proxy(parts.scheme, parts.netloc.rpartition("@")[2], environ),
        environ.get("SSL_CERT_FILE") or environ.get("REQUESTS_CA_BUNDLE"),
    )


def _proxy(scheme: str, host: str, environ: Mapping[str, str]) -> str | None:
    lower = {name.lower(): value for name, value in environ.items() if value}
    proxies = {
        name.removesuffix("_proxy"): value
        for name, value in lower.items()
        if name.endswith("_proxy")
    }
    if not proxies or proxy_bypass_environment(host, proxies):
        return None
    found = proxies.get(scheme) or proxies.get("all")
    if found is None:
        return None
    proxy = found if "://" in found else f"http://{found}"
    parts = urlsplit(proxy)
    if parts.scheme not in {"http", "https"}:
        raise ModelError(
            f"{scheme.upper()}_PROXY: no proxy of the kind {printable(parts.scheme)} can be used, "
            "name an http one, or except the host in NO_PROXY"
        )
    return proxy


def key_of(config: ModelConfig, context: AdapterContext, name: str | None) -> str | None:
    """Return the key that an environment variable holds; ModelError when it is not set."""
    wanted = config.api_key_env or name
    if wanted is None:
        return None
    key = context.environ.get(wanted, "").strip()
    if not key:
        raise ModelError(
            f"api_key_env: the environment variable {wanted} is not set, export it with the key "
            "before the command, never write the key into a file"
        )
    if not key.isascii() or not key.isprintable():
        raise ModelError(f"api_key_env: {wanted} holds characters that no header can carry")
    return key


class Endpoint:
    """Sends requests of one model; connections are kept and shared."""

    def __init__(self, where: Address, config: ModelConfig, secrets: Secrets) -> None:
        """Take where to send to; nothing is opened before the first request."""
        self._where = where
        self._secrets = secrets
        self._timeouts = config.timeouts
        self._session: aiohttp.ClientSession | None = None
        headers = {**_HEADERS, **where.headers}
        # What a session sends by default it says to the proxy too, in plain text, the key as
        # Proxy-Authorization; without a proxy the default costs less.
        self._with_each = headers if where.proxy else None
        self._always = {} if where.proxy else headers
        proxy = urlsplit(where.proxy or "")
        if proxy.password:
            self._secrets = Secrets((*secrets.values, proxy.password))

    async def ask(self, data: bytes) -> Mapping[str, Json]:
        """Return the object that answers; what this module says is raised for anything else."""
        session = self._session or self._open()
        try:
            async with session.post(
                self._where.url,
                data=aiohttp.BytesPayload(data),
                headers=self._with_each,
                proxy=self._where.proxy,
                allow_redirects=False,
            ) as response:
                if response.status >= _FIRST_ERROR:
                    await self._fail(response)
                return self._object(await self._whole(response))
        except aiohttp.ConnectionTimeoutError:
            limit = self._timeouts.connect_s
            raise Unavailable(f"no connection within {limit:g} s") from None
        except TimeoutError:
            raise OutOfTime(f"no whole answer within {self._timeouts.reply_s:g} s") from None
        except aiohttp.ClientConnectorCertificateError as error:
            why = self.shown(error.certificate_error)
            raise ModelError(
                f"{self._host}: its certificate is not trusted: {why}; "
                "name the file of your certificate authority in SSL_CERT_FILE"
            ) from None
        except aiohttp.ClientHttpProxyError as error:
            if error.status != HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
                raise Unavailable(f"the proxy answers {error.status}") from None
            host = urlsplit(self._where.proxy or "").netloc.rpartition("@")[2]
            raise ModelError(
                f"the proxy {host} refuses the name and password: {error.status}; "
                "mend them in HTTPS_PROXY or HTTP_PROXY"
            ) from None
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise ModelError(f"base_url: is no address: {self.shown(error)}") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(self.shown(error) or type(error).__name__) from None

    async def aclose(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def shown(self, error: object) -> str:
        """Return what may be shown of somebody else's words: short, printable, without secrets."""
        return printable(self._secrets.redact(str(error)), _SHOWN)

    @property
    def _host(self) -> str:
        return urlsplit(self._where.url).netloc

    def _open(self) -> aiohttp.ClientSession:
        tls: ssl.SSLContext | bool = True
        if self._where.url.startswith("https:") and self._where.certificates:
            try:
                tls = ssl.create_default_context(cafile=self._where.certificates)
            except (OSError, ssl.SSLError) as error:
                raise ModelError(
                    f"SSL_CERT_FILE: {printable(self._where.certificates)} holds no certificates: "
                    f"{self.shown(error)}"
                ) from None
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=tls),
            headers=self._always,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=self._timeouts.reply_s, connect=self._timeouts.connect_s
            ),
        )
        return self._session

    async def _whole(self, response: aiohttp.ClientResponse) -> bytes:
        chunks, size = [], 0
        try:
            while chunk := await response.content.readany():
                chunks.append(chunk)
                size += len(chunk)
                if size > MAX_REPLY_BYTES:
                    response.close()
                    raise Unusable(f"a reply of more than {MAX_REPLY_BYTES:,} bytes")
        except (aiohttp.ClientError, ConnectionError) as error:
            raise Unusable(f"the reply broke off: {self.shown(error)}") from None
        return b"".join(chunks)

    def _object(self, raw: bytes) -> Mapping[str, Json]:
        try:
            reply = json.loads(raw.decode("utf-8"))
        except (ValueError, RecursionError):
            # Cut after keys are taken out: half a key would not be found.
            start = self.shown(raw[:_MAX_ERROR_BYTES].decode("utf-8", "replace").strip())
            raise Unusable(f"the reply is no JSON: {start or 'it is empty'}") from None
        if not isinstance(reply, dict):
            raise Unusable(f"the reply is no JSON object but a {type(reply).__name__}")
        error = reply.get("error")
        if error:  # some gateways say so with status 200
            code = error.get("code") if isinstance(error, dict) else None
            words = self.shown(_words(error))
            if isinstance(code, int) and _passes(code):
                raise Unavailable(f"error {code}: {words}")
            raise Unusable(f"an error instead of a reply: {words}")
        return reply

    async def _fail(self, response: aiohttp.ClientResponse) -> NoReturn:
        status = response.status
        raw = b""
        try:
            while (chunk := await response.content.readany()) and len(raw) < _MAX_ERROR_BYTES:
                raw += chunk
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass  # the status says what is to be known
        response.close()
        said = self.shown(_said(raw))
        name = f"{status} {_phrase(status)}"
        told = f"{name}: {said}" if said else name
        if _passes(status):
            raise Unavailable(told, retry_after(response.headers, time()))
        if status in _MOVED:
            raise ModelError(
                f"{self._host} answers {name}: requests are not sent on to other addresses; "
                "write the address itself as base_url"
            )
        if status in _OF_THIS_REQUEST:
            raise Refused(told)
        raise ModelError(f"{self._host} answers {told}{_remedy(status)}")


def encoded(body: Mapping[str, Json]) -> bytes:
    """Return a request's body as it is sent."""
    return json.dumps(body, allow_nan=False, separators=(",", ":")).encode("ascii")


def _passes(status: int) -> bool:
    return status >= _SERVER_ERROR or status in _WAITABLE


def _remedy(status: int) -> str:
    return {
        401: "; is the key in api_key_env the right one?",
        403: "; may this key use this model?",
        404: "; are base_url and model right?",
    }.get(status, "")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "of no known meaning"


def _said(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").strip()
    try:
        return _words(json.loads(text))
    except (ValueError, RecursionError):
        return "a web page" if text[:1] == "<" else text


def _words(error: Json) -> str:
    """Return the words of an error in any of the forms that servers give it."""
    while isinstance(error, dict):
        inner = next((error[key] for key in ("error", "message", "detail") if error.get(key)), None)
        if inner is None:
            break
        error = inner
    return error if isinstance(error, str) else json.dumps(error)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds after which a server asks to be tried again, or None.

    ``Retry-After`` in seconds or as a date, or ``retry-after-ms``; nonsense is passed over.
    """
    for name, unit in (("retry-after-ms", 0.001), ("Retry-After", 1.0)):
        text = headers.get(name)
        if text is None:
            continue
        try:
            seconds = float(text) * unit
        except ValueError:
            try:
                seconds = parsedate_to_datetime(text).timestamp() - now
            except (ValueError, TypeError, OverflowError):
                continue
        if seconds == seconds:  # noqa: PLR0124 - no NaN
            return min(max(seconds, 0.0), _LONGEST_WAIT_S)
    return None
