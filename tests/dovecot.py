"""A real IMAP server of our own on loopback: Dovecot with one user and a maildir."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
import time
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from datetime import datetime

DOVECOT = shutil.which("dovecot") or ("/usr/sbin/dovecot" if Path("/usr/sbin/dovecot").exists() else None)
NOBODY = 65534
MISSING = "Dovecot is not installed (apt-get install dovecot-imapd)"
USER, PASSWORD = "presse@acme.example", 'Ge"heim\\nis1'
CONF = """
base_dir = {home}/base
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols = imap
listen = 127.0.0.3
default_login_user = {login}
default_internal_user = {login}
default_internal_group = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{home}/mail:INDEX={home}/index
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = {strict}
auth_mechanisms = plain login
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {secure}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
}}
"""


def free_port():
    with socket.socket() as wire:
        wire.bind(("127.0.0.3", 0))
        return wire.getsockname()[1]


class Dovecot:
    """`delivers` a mail, `restarts`, `numbers_anew` (another UIDVALIDITY); `flags` are those of all mails."""

    host = "127.0.0.3"

    def __init__(self, home: Path):
        self.home = home
        self.port, self.secure = free_port(), free_port()
        self.folder = home / "mail"
        self._count = 0
        self.process = None
        self.ca = home / "ca.pem"
        self.uid = os.geteuid() or NOBODY  # Dovecot reads no mail as root

    async def start(self):
        for name in ("cur", "new", "tmp"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.home / "index").mkdir(exist_ok=True)
        self._owned()
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca))
        own = authority.issue_cert(self.host)
        own.private_key_pem.write_to_path(str(self.home / "key.pem"))
        (self.home / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in own.cert_chain_pems))
        login = "dovenull" if os.geteuid() == 0 else os.environ.get("USER", "nobody")
        (self.home / "dovecot.conf").write_text(
            CONF.format(
                home=self.home,
                port=self.port,
                secure=self.secure,
                uid=self.uid,
                gid=self.uid if self.uid == NOBODY else os.getegid(),
                login=login,
                group="dovecot" if os.geteuid() == 0 else "nogroup",
                password=PASSWORD,
                strict="yes",
            )
        )
        await self._run()
        return self

    def _owned(self):
        """By whom Dovecot reads as, which is not always us."""
        if os.geteuid() == 0:
            self.home.chmod(0o755)
            for path in (self.folder, self.home / "index", *self.folder.rglob("*")):
                os.chown(path, self.uid, self.uid)

    async def _run(self):
        self.process = await asyncio.create_subprocess_exec(
            DOVECOT, "-F", "-c", str(self.home / "dovecot.conf"),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(20):
            while not await self._answers():
                assert self.process.returncode is None, self.said()
                await asyncio.sleep(0.02)

    async def _answers(self):
        try:
            reader, writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            return False
        line = await reader.readline()
        writer.transport.abort()
        return line.startswith(b"* OK")

    async def stop(self):
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    async def restarts(self):
        await self.stop()
        await self._run()

    async def numbers_anew(self):
        """As after a repair or a move: the same mails under another UIDVALIDITY."""
        await self.stop()
        for path in self.folder.glob("dovecot*"):
            path.unlink()
        shutil.rmtree(self.home / "index", ignore_errors=True)
        (self.home / "index").mkdir()
        (self.folder / "dovecot-uidlist").write_text(f"3 V{int(time.time()) + 77} N1 G{os.urandom(16).hex()}\n")
        self._owned()
        await self._run()

    def delivers(self, body: bytes, *, at: float | None = None):
        """As a mail server does it: complete, then moved into place."""
        self._count += 1
        name = f"{time.time():.6f}.{self._count}.test"
        path = self.folder / "tmp" / name
        path.write_bytes(body)
        if at is not None:
            os.utime(path, (at, at))
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.uid)
        path.rename(self.folder / "new" / name)

    def flags(self):
        return {path.name.partition(":2,")[2] for name in ("new", "cur") for path in (self.folder / name).iterdir()}

    def said(self):
        log = self.home / "dovecot.log"
        return log.read_text() if log.exists() else "(no log)"


@asynccontextmanager
async def dovecot():
    home = Path(tempfile.mkdtemp(prefix="dovecot-"))  # pytest's own folders are open to their owner alone
    server = Dovecot(home)
    try:
        yield await server.start()
    finally:
        await server.stop()
        shutil.rmtree(home, ignore_errors=True)


def mail(subject: str, text: str = "", *, number: object = None, at: datetime | None = None, **headers: str) -> bytes:
    """A mail; header names with "_" for "-"."""
    made = EmailMessage()
    given = {"From": "Blatt <redaktion@blatt.example>", "To": USER} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    for name, value in given.items():
        made[name] = value
    made["Subject"] = subject
    if number is not None:
        made["Message-ID"] = f"<{number}@blatt.example>"
    if at is not None:
        made["Date"] = format_datetime(at)
    made.set_content(text or f"{subject}.")
    return made.as_bytes()
