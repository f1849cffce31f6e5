"""F18: six servers that are not who they should be, or cannot keep a secret; each is refused before a word is said."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interest_ingest.mailbox.account import Account, Limits
from interest_ingest.mailbox.faults import InsecureConnection, TooSlow
from interest_ingest.mailbox.imap import connect
from interest_ingest.mailbox.wire import tls_context

_CA = """
[ca]
default_ca = it
[it]
new_certs_dir = {folder}
database = {folder}/index
serial = {folder}/serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


class Authority:
    """A certificate authority that signs what it is told."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir()
        self._folder = folder
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        (folder / "index").touch()
        (folder / "serial").write_text("01")
        (folder / "ca.cnf").write_text(_CA.format(folder=folder))
        extensions = ("-addext", "keyUsage=critical,keyCertSign")
        _openssl(*_request(self._key, self.certificate, name), "-x509", "-days", "30", *extensions)

    def sign(
        self, names: str = "IP:127.0.0.1", begin: str = "20200101000000Z", end: str = "20991231000000Z"
    ) -> tuple[Path, Path]:
        """A certificate for `names` and its key."""
        key, wish, signed = (self._folder / f"server.{kind}" for kind in ("key", "csr", "pem"))
        _openssl(*_request(key, wish, "server"), "-addext", f"subjectAltName={names}")
        period = ("-startdate", begin, "-enddate", end)
        by = ("-config", str(self._folder / "ca.cnf"), "-cert", str(self.certificate), "-keyfile", str(self._key))
        _openssl("ca", "-batch", "-notext", *by, *period, "-in", str(wish), "-out", str(signed))
        return signed, key


def _request(key: Path, out: Path, name: str) -> tuple[str, ...]:
    made = ("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    return (*made, "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(out))


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """The one that this machine trusts."""
    trusted = Authority(tmp_path / "trusted", "Our authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.certificate))
    tls_context.cache_clear()
    yield trusted
    tls_context.cache_clear()


def modern(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def old(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.0 and nothing newer."""
    context = modern(certificate, key)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():  # Python says what we want to show
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1
    return context


@contextlib.contextmanager
def serving(context: ssl.SSLContext) -> Iterator[tuple[int, list[bytes]]]:
    """Greets as an IMAP server over TLS; gives its port and what it was told inside."""
    heard: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the client refuses
            connection, _ = listener.accept()
            connection.settimeout(10)
            with connection, context.wrap_socket(connection, server_side=True) as tls:
                tls.sendall(b"* OK hello\r\n")
                while data := tls.recv(1000):
                    heard.append(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join(12)


def _self_signed(authority: Authority, folder: Path) -> ssl.SSLContext:
    key, signed = folder / "self.key", folder / "self.pem"
    _openssl(*_request(key, signed, "server"), "-x509", "-days", "30", "-addext", "subjectAltName=IP:127.0.0.1")
    return modern(signed, key)


SERVERS: dict[str, tuple[Callable[[Authority, Path], ssl.SSLContext], str]] = {
    "expired": (lambda ours, _: modern(*ours.sign(end="20210101000000Z")), "has expired"),
    "not yet valid": (lambda ours, _: modern(*ours.sign(begin="20900101000000Z")), "is not yet valid"),
    "another name": (lambda ours, _: modern(*ours.sign("DNS:imap.other.example")), "IP address mismatch"),
    "self-signed": (_self_signed, "self-signed certificate"),
    "an unknown authority": (
        lambda _, folder: modern(*Authority(folder / "unknown", "Their authority").sign()),
        "unable to get local issuer",
    ),
    "TLS 1.0": (lambda ours, _: old(*ours.sign()), "does not speak TLS 1.2 or newer"),
}


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_cannot_be_trusted_is_refused_with_a_sentence(
    name: str, authority: Authority, tmp_path: Path
) -> None:
    make, reason = SERVERS[name]
    with serving(make(authority, tmp_path)) as (port, heard):
        account = Account("notifications", "127.0.0.1", "anna", "secret-word", port, limits=Limits(read_seconds=10))
        with pytest.raises(InsecureConnection) as raised, connect(account):
            pass
    assert heard == []
    assert reason in str(raised.value)
    assert "secret-word" not in str(raised.value)


def test_the_server_of_these_tests_can_be_trusted(authority: Authority) -> None:
    with serving(modern(*authority.sign())) as (port, heard):
        account = Account("notifications", "127.0.0.1", "anna", "secret-word", port, limits=Limits(read_seconds=1))
        with pytest.raises(TooSlow), connect(account):
            pass
    assert b"CAPABILITY" in heard[0]
