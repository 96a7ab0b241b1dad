"""Certificates of an authority of our own, and a proxy that tunnels: what lies before an endpoint.

Both stay on the loopback; names are mapped to it by the proxy alone.
"""

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = dt.timedelta(days=1)


class Authority:
    """Signs certificates; ``file`` is what a user names in SSL_CERT_FILE."""

    def __init__(self, folder: Path, name: str = "an authority of our own") -> None:
        """Make its key and its certificate."""
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False,
            encipher_only=False, decipher_only=False,
        )  # fmt: skip
        made = (
            self._builder(self._name, self._key.public_key(), days=2)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = folder / f"{name.replace(' ', '-')}.pem"
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def server(self, *names: str, days: int = 2) -> ssl.SSLContext:
        """Return what a server of these names speaks TLS with, for so many days from yesterday."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
        made = (
            self._builder(subject, key.public_key(), days)
            .add_extension(alternatives, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        chain = self._folder / f"{made.serial_number}.pem"
        chain.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(chain)
        return context

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, days: int
    ) -> x509.CertificateBuilder:
        start = dt.datetime.now(dt.UTC) - 3 * _DAY
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + (days + 2) * _DAY)
        )


def _alternative(name: str) -> x509.GeneralName:
    with suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(name))
    return x509.DNSName(name)


@dataclass
class Proxy:
    """Tunnels to the ports of the loopback that names stand for, and notes what it was asked."""

    ports: Mapping[str, int]
    """Host and port as they are asked for -> the port that is meant."""
    credentials: str | None = None
    """What Proxy-Authorization has to be."""
    port: int = 0
    asked: list[str] = field(default_factory=list)
    """The first lines of what it was asked."""
    heads: list[str] = field(default_factory=list)
    """All of the lines before a tunnel."""
    seen: bytearray = field(default_factory=bytearray)
    """All that went through it from those who ask."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Open one tunnel, and keep it until either side ends."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            self.asked.append(head[0])
            self.heads += head[1:]
            verb, _, rest = head[0].partition(" ")
            headers = {name.lower(): value for name, _, value in (h.partition(": ") for h in head)}
            if headers.get("proxy-authorization") != self.credentials:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            elif verb != "CONNECT" or (port := self.ports.get(rest.split()[0])) is None:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            else:
                coming, going = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                try:
                    await asyncio.gather(
                        _pump(reader, going, self.seen), _pump(coming, writer, bytearray())
                    )
                finally:
                    await _closed(going)
        await _closed(writer)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: bytearray
) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            seen += data
            writer.write(data)
            await writer.drain()
    writer.close()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


@contextmanager
def tunnelling(proxy: Proxy) -> Iterator[Proxy]:
    """Serve in a thread of its own, on a free port of the loopback, until the block is left."""
    ready, loop, over = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def main() -> None:
        listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        proxy.port = listening.sockets[0].getsockname()[1]
        ready.set()
        await over.wait()
        listening.close()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()
