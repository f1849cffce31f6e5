"""A real Dovecot on private loopback ports, with its configuration, certificate and mails in a temporary folder."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

PASSWORD = "correct-horse"

_CONFIG = """
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
ssl_cert = <{root}/tls/server.pem
ssl_key = <{root}/tls/server.key
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_username_chars =
auth_failure_delay = 0
mail_location = maildir:{root}/mail/%u
mail_max_userip_connections = 100
maildir_very_dirty_syncs = no
mailbox_list_index = no
passdb {{
  driver = static
  args = password={password}
  mechanisms = plain login
}}
{oauth}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/mail/%u
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 200
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
"""

_OAUTH = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth2.conf
}}
"""
_INTROSPECTION = """
introspection_mode = post
introspection_url = {url}
username_attribute = user
active_attribute = active
active_value = true
"""

# Dovecot's master ends its children when it is told to end; this shell tells it when the test process is gone, however
# that came about (its end of the pipe closes), removes the folder, and is out of reach of Ctrl-C.
_KEEPER = 'dovecot -F -c "$1/dovecot.conf" & pid=$!; read -r _; kill $pid; wait $pid; rm -rf "$1"'


@dataclass
class Dovecot:
    """A running server. Any user name may log in with PASSWORD; a user's mailbox is made at the first delivery."""

    root: Path
    imap_port: int
    imaps_port: int
    lmtp_port: int
    uid: int
    gid: int
    host: str = "127.0.0.1"
    password: str = PASSWORD
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def certificate(self) -> Path:
        """The self-signed certificate, for `localhost` and 127.0.0.1; trusted where SSL_CERT_FILE names it."""
        return self.root / "tls" / "server.pem"

    def maildir(self, user: str) -> Path:
        """The folder of the user's INBOX; its `dovecot*` files hold UIDVALIDITY and UIDs."""
        return self.root / "mail" / user

    def deliver(self, user: str, raw: bytes, received_at: datetime | None = None) -> Path:
        """Put a mail into the user's INBOX as it is (LMTP would add headers). Returns its file."""
        box = self.maildir(user)
        for folder in (box, box / "cur", box / "new", box / "tmp"):
            self._own(folder, make=True)
        name = f"{int(time.time())}.M{next(self._numbers):06}P{os.getpid()}.{user}"
        draft = box / "tmp" / name
        draft.write_bytes(raw)
        self._own(draft)
        if received_at is not None:
            os.utime(draft, (received_at.timestamp(),) * 2)
        return draft.rename(box / "new" / name)

    def _own(self, path: Path, *, make: bool = False) -> None:
        if make:
            if path.exists():
                return
            path.mkdir(parents=True)
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)


def missing() -> str | None:
    """What this machine lacks for the server, as a sentence; None if it lacks nothing."""
    lacking = [program for program in ("dovecot", "openssl") if not _program(program)]
    if not lacking and not Path("/usr/lib/dovecot/imap").exists():
        lacking = ["dovecot-imapd (which Debian's cyrus-imapd removes; unpack it: dpkg-deb -x)"]
    return f"{' and '.join(lacking)} not installed" if lacking else None


@contextlib.contextmanager
def running(introspection: str = "", mechanisms: str = "plain login") -> Iterator[Dovecot]:
    """Start Dovecot, wait until it takes connections, stop it at the end and remove its folder.

    `introspection` is the address of a token server (RFC 7662) for the mechanisms xoauth2 and oauthbearer.
    """
    root = Path(tempfile.mkdtemp(prefix="dovecot-"))
    root.chmod(0o755)  # as root the mail processes run as another user
    try:
        server = _prepare(root, introspection, mechanisms)
        with _process(root):
            log = root / "dovecot.log"
            await_port(server.imap_port, lambda: log.read_text() if log.exists() else "no log")
            yield server
    finally:
        shutil.rmtree(root, ignore_errors=True)


def self_signed(folder: Path, names: str) -> None:
    """Write server.pem and server.key for `names` (a subjectAltName) into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", f"subjectAltName={names}"),
            *("-keyout", str(folder / "server.key"), "-out", str(folder / "server.pem")),
        ],
        check=True,
        capture_output=True,
    )


def _prepare(root: Path, introspection: str, mechanisms: str) -> Dovecot:
    self_signed(root / "tls", "DNS:localhost,IP:127.0.0.1")
    mail_user = pwd.getpwnam("dovecot") if os.geteuid() == 0 else pwd.getpwuid(os.getuid())
    login_user = pwd.getpwnam("dovenull") if os.geteuid() == 0 else mail_user
    imap, imaps, lmtp = free_ports(3)
    server = Dovecot(root, imap, imaps, lmtp, mail_user.pw_uid, mail_user.pw_gid)
    config = _CONFIG.format(
        root=root,
        internal=mail_user.pw_name,
        internal_group=grp.getgrgid(mail_user.pw_gid).gr_name,
        login=login_user.pw_name,
        password=PASSWORD,
        mechanisms=mechanisms,
        oauth=_OAUTH.format(root=root) if introspection else "",
        uid=server.uid,
        gid=server.gid,
        imap_port=imap,
        imaps_port=imaps,
        lmtp_port=lmtp,
    )
    (root / "dovecot.conf").write_text(config)
    (root / "oauth2.conf").write_text(_INTROSPECTION.format(url=introspection))
    (root / "mail").mkdir()
    server._own(root / "mail")
    return server


@contextlib.contextmanager
def _process(root: Path) -> Iterator[None]:
    environment = {**os.environ, "PATH": _path()}
    keeper = subprocess.Popen(
        ["sh", "-c", _KEEPER, "sh", str(root)],
        stdin=subprocess.PIPE,
        start_new_session=True,
        env=environment,
    )
    try:
        yield
    finally:
        keeper.communicate(timeout=20)  # closes the pipe


def await_port(port: int, log: Callable[[], str]) -> None:
    """Wait until an IMAP server greets there; RuntimeError with its log if that does not come about."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            if connection.recv(4) == b"* OK":
                return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {log()}")


def free_ports(number: int) -> list[int]:
    """So many loopback ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # an ordinary user's PATH may lack them


def _program(name: str) -> str | None:
    return shutil.which(name, path=_path())
