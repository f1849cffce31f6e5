"""A real Cyrus IMAP on private loopback ports, with its configuration, certificate and mails in a temporary folder.

The same interface as `dovecot`, so that what the mailbox room claims is shown on both.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from imapclient import IMAPClient

from tests.servers.dovecot import PASSWORD, Dovecot, await_port, free_ports, self_signed

PROGRAMS = Path("/usr/lib/cyrus/bin")

_IMAPD = """
configdirectory: {root}/conf
defaultpartition: default
partition-default: {root}/spool
cyrus_user: {user}
admins: admin
sasl_pwcheck_method: saslauthd
sasl_saslauthd_path: {root}/passwords/mux
sasl_mech_list: PLAIN LOGIN
allowplaintext: yes
virtdomains: off
altnamespace: yes
unixhierarchysep: yes
autocreate_quota: 0
munge8bit: no
expunge_mode: immediate
delete_mode: immediate
imapidlepoll: 1
tls_server_cert: {root}/tls/server.pem
tls_server_key: {root}/tls/server.key
tls_session_timeout: 0
proc_path: {root}/conf/proc
mboxname_lockpath: {root}/conf/lock
idlesocket: {root}/conf/idle
"""

_SERVICES = """
START {{
  recover cmd="{programs}/ctl_cyrusdb {config} -r"
}}
SERVICES {{
  imap cmd="{programs}/imapd {config}" listen="127.0.0.1:{imap_port}" proto="tcp4" prefork=1 maxchild=100
  imaps cmd="{programs}/imapd {config} -s" listen="127.0.0.1:{imaps_port}" proto="tcp4" prefork=0 maxchild=100
}}
EVENTS {{
}}
"""

# As with Dovecot: the master is told to end when this shell's end of the pipe closes.
_KEEPER = """
"$2/master" -C "$1/imapd.conf" -M "$1/cyrus.conf" -p "$1/pid" & pid=$!
read -r _; kill $pid; wait $pid; rm -rf "$1"
"""


@dataclass
class Cyrus:
    """A running server. Any user name may log in with PASSWORD; a user's mailbox is made at the first log-in."""

    root: Path
    imap_port: int
    imaps_port: int
    host: str = "127.0.0.1"
    password: str = PASSWORD

    @property
    def certificate(self) -> Path:
        """The self-signed certificate, for `localhost` and 127.0.0.1; trusted where SSL_CERT_FILE names it."""
        return self.root / "tls" / "server.pem"

    def deliver(self, user: str, raw: bytes, received_at: datetime | None = None) -> None:
        """Put a mail into the user's INBOX as it is."""
        with IMAPClient(self.host, self.imap_port, ssl=False, timeout=20) as client:
            client.login(user, self.password)
            client.append("INBOX", raw, msg_time=received_at)


Server = Dovecot | Cyrus


def missing() -> str | None:
    """What this machine lacks for the server, as a sentence; None if it lacks nothing."""
    there = all((PROGRAMS / name).exists() for name in ("master", "imapd")) and shutil.which("openssl")
    return None if there else "Cyrus not installed"


@contextlib.contextmanager
def running() -> Iterator[Cyrus]:
    """Start Cyrus, wait until it takes connections, stop it at the end and remove its folder."""
    root = Path(tempfile.mkdtemp(prefix="cyrus-"))
    root.chmod(0o755)  # as root it runs as another user
    try:
        with _passwords(root / "passwords" / "mux"):
            server = _prepare(root)
            with _process(root):
                await_port(server.imap_port, lambda: "its log goes to syslog")
                yield server
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _prepare(root: Path) -> Cyrus:
    self_signed(root / "tls", "DNS:localhost,IP:127.0.0.1")
    imap, imaps = free_ports(2)
    user = pwd.getpwnam("cyrus") if os.geteuid() == 0 else pwd.getpwuid(os.getuid())
    (root / "imapd.conf").write_text(_IMAPD.format(root=root, user=user.pw_name))
    services = _SERVICES.format(config=f"-C {root}/imapd.conf", programs=PROGRAMS, imap_port=imap, imaps_port=imaps)
    (root / "cyrus.conf").write_text(services)
    for folder in ("conf", "conf/proc", "conf/lock", "conf/socket", "conf/db", "spool"):
        (root / folder).mkdir()
    if os.geteuid() == 0:
        for path in root.rglob("*"):
            os.chown(path, user.pw_uid, user.pw_gid)
    return Cyrus(root, imap, imaps)


@contextlib.contextmanager
def _process(root: Path) -> Iterator[None]:
    keeper = subprocess.Popen(
        ["sh", "-c", _KEEPER, "sh", str(root), str(PROGRAMS)], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        yield
    finally:
        keeper.communicate(timeout=20)  # closes the pipe


@contextlib.contextmanager
def _passwords(path: Path) -> Iterator[None]:
    """Serve saslauthd's protocol: user, password, service and realm, each after its length; `OK` or `NO`."""
    path.parent.mkdir(mode=0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o777)
        listener.listen(50)
        thread = threading.Thread(target=_judge, args=(listener,), name="passwords")
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _judge(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the listener was shut down
        while True:
            client, _ = listener.accept()
            with client, client.makefile("rb") as file, contextlib.suppress(OSError, struct.error):
                _user, password, _service, _realm = (file.read(*struct.unpack("!H", file.read(2))) for _ in range(4))
                answer = b"OK" if password == PASSWORD.encode() else b"NO"
                client.sendall(struct.pack("!H", len(answer)) + answer)
