"""HTTPS and proxies, on real sockets: handshakes, tunnels, and what is refused."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.domain.project import Timeouts
from harness.errors import ModelError
from harness.ports.model import Unavailable
from tests.adapters.test_openai import ASKED, KEY, asked, built
from tests.faults import FaultServer, serving
from tests.tls import Authority, Proxy, tunnelling

PASSWORD = "s3cret-proxy-word"  # noqa: S105 - of a proxy in this process
FIX = "name the file of your certificate authority in SSL_CERT_FILE"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority that nobody trusts unless told."""
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(authority: Authority) -> Iterator[FaultServer]:
    """Serve over TLS, as 127.0.0.1 and as llm.test."""
    with serving(FaultServer(tls=authority.server("127.0.0.1", "llm.test"))) as made:
        yield made


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_an_authority_of_the_environment_is_trusted(
    server: FaultServer, authority: Authority, name: str
):
    """A whole handshake, and the key arrives."""
    environ = {name: str(authority.file), "K": KEY}
    (turn,) = asked(built(server.url, environ, api_key_env="K"), ASKED)
    assert turn.text == "restart"
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_a_certificate_of_a_stranger_is_refused(server: FaultServer, tmp_path: Path):
    """Without the authority, and with another: one line, and nothing was sent."""
    other = Authority(tmp_path, "another")
    for environ, why in (
        ({}, "unable to get local issuer certificate"),
        ({"SSL_CERT_FILE": str(other.file)}, "unable to get local issuer certificate"),
    ):
        with pytest.raises(ModelError) as raised:
            asked(built(server.url, environ), ASKED)
        told = str(raised.value)
        assert told.startswith(f"127.0.0.1:{server.port}: its certificate is not trusted: ")
        assert why in told
        assert told.endswith(FIX)
        assert "\n" not in told
    assert not server.asked


def test_a_certificate_of_another_name_or_time_is_refused(authority: Authority):
    """It must be that of the address, and of today."""
    environ = {"SSL_CERT_FILE": str(authority.file)}
    for tls, why in (
        (authority.server("llm.test"), "IP address mismatch"),
        (authority.server("127.0.0.1", days=0), "certificate has expired"),
    ):
        with serving(FaultServer(tls=tls)) as server, pytest.raises(ModelError, match=why):
            asked(built(server.url, environ), ASKED)
        assert not server.asked


def test_a_server_without_tls_is_not_spoken_to(authority: Authority):
    """An https address never falls back to plain text."""
    with serving(FaultServer()) as plain:
        url = plain.url.replace("http:", "https:")
        environ = {"SSL_CERT_FILE": str(authority.file)}
        with pytest.raises(Unavailable):
            asked(built(url, environ, timeouts=Timeouts(connect_s=0.5)), ASKED)
        assert not plain.asked


def test_a_tunnel_shows_its_proxy_the_host_and_no_more(server: FaultServer, authority: Authority):
    """HTTPS_PROXY gets a CONNECT; key, prompt and answer pass it encrypted."""
    with tunnelling(Proxy({"llm.test:443": server.port})) as proxy:
        environ = {
            "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}",
            "SSL_CERT_FILE": str(authority.file),
            "K": KEY,
        }
        model = built("https://llm.test/v1", environ, api_key_env="K")
        assert [turn.text for turn in asked(model, ASKED, ASKED)] == ["restart", "restart"]
        assert proxy.asked == ["CONNECT llm.test:443 HTTP/1.1"]
        assert server.headers[0]["authorization"] == f"Bearer {KEY}"
        assert proxy.seen
        assert KEY not in "".join(proxy.heads)
        assert not any("authorization" in line.lower() for line in proxy.heads)
        assert KEY.encode() not in proxy.seen
        assert b"queue" not in proxy.seen
        del environ["SSL_CERT_FILE"]
        with pytest.raises(ModelError, match=r"^llm\.test: its certificate is not trusted: "):
            asked(built("https://llm.test/v1", environ), ASKED)


def test_a_host_that_needs_no_proxy_gets_none(server: FaultServer, authority: Authority):
    """NO_PROXY as a name, a domain, an address, or all of them."""
    with tunnelling(Proxy({})) as proxy:
        for no in ("127.0.0.1", "*", f"x.test,127.0.0.1:{server.port}"):
            environ = {
                "https_proxy": f"http://127.0.0.1:{proxy.port}",
                "no_proxy": no,
                "SSL_CERT_FILE": str(authority.file),
            }
            assert asked(built(server.url, environ), ASKED)[0].text == "restart"
        assert proxy.asked == []
        with pytest.raises(Unavailable, match="502"):
            asked(built(server.url, environ | {"no_proxy": "other.test"}), ASKED)
        assert proxy.asked == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"]


def test_a_key_is_not_offered_to_a_proxy():
    """Over plain HTTP it passes the proxy in the request, and is no credential for the proxy."""
    with serving(FaultServer()) as plain:
        environ = {"HTTP_PROXY": plain.url.removesuffix("/v1"), "K": KEY}
        assert asked(built("http://llm.test/v1", environ, api_key_env="K"), ASKED)
        assert plain.headers[0]["authorization"] == f"Bearer {KEY}"
        assert "proxy-authorization" not in plain.headers[0]


def test_a_proxy_may_be_named_without_its_scheme(server: FaultServer):
    """As curl takes it; one of another kind is told and not spoken HTTP with."""
    with serving(FaultServer()) as plain:
        environ = {"http_proxy": plain.url.removeprefix("http://").removesuffix("/v1")}
        assert asked(built("http://llm.test/v1", environ), ASKED)[0].text == "restart"
    with pytest.raises(ModelError) as raised:
        built(server.url, {"ALL_PROXY": f"socks5://me:{PASSWORD}@127.0.0.1:9"})
    assert str(raised.value) == (
        "HTTPS_PROXY: no proxy of the kind socks5 can be used, name an http one, or except the "
        "host in NO_PROXY"
    )


def test_a_proxys_password_is_its_own(server: FaultServer, authority: Authority):
    """It goes to the proxy and not to the endpoint, and no message shows it."""
    basic = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    with tunnelling(Proxy({"llm.test:443": server.port}, credentials=basic)) as proxy:
        environ = {
            "HTTPS_PROXY": f"http://me:{PASSWORD}@127.0.0.1:{proxy.port}",
            "SSL_CERT_FILE": str(authority.file),
        }
        assert asked(built("https://llm.test/v1", environ), ASKED)[0].text == "restart"
        assert "proxy-authorization" not in server.headers[0]
        proxy.credentials = "Basic of somebody else"
        with pytest.raises(ModelError) as raised:
            asked(built("https://llm.test/v1", environ), ASKED)
    assert str(raised.value) == (
        f"the proxy 127.0.0.1:{proxy.port} refuses the name and password: 407; "
        "mend them in HTTPS_PROXY or HTTP_PROXY"
    )


def test_a_check_speaks_https_through_a_proxy(bare: Any, server: FaultServer, authority: Authority):
    """From the command line, with nothing but the environment; without it one line and code 2."""
    far = {"adapter": "openai", "model": "m", "base_url": "https://llm.test/v1"}
    bare.models(f"far: {json.dumps(far)}")
    bare.item()
    bare.evaluation()
    bare.case("silent", twin=False)
    with tunnelling(Proxy({"llm.test:443": server.port})) as proxy:
        through = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}", "SSL_CERT_FILE": ""}
        refused = bare.spawn("check", "ITEM-1", **through)
        through["SSL_CERT_FILE"] = str(authority.file)
        ran = bare.spawn("check", "ITEM-1", **through)
    assert refused.code == 2
    assert refused.err.splitlines()[-1].startswith(
        "error: llm.test: its certificate is not trusted: "
    )
    assert "Traceback" not in refused.err
    assert ran.code == 0, ran.err
    assert "MET" in ran.out
