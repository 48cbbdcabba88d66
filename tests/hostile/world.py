"""What lies around a grading and may not change, be read or be reached: files, servers, other processes."""

from __future__ import annotations

import ctypes
import hashlib
import os
import pwd
import signal
import socket
import sqlite3
import subprocess
import sys
import sysconfig
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.hostile.places import PROJECT, WATCHED

MARK = "hostile-mark"
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_LINGER_SECONDS = 2.0  # a process that was killed takes a moment to go


@dataclass
class Servers:
    """A TCP server, a UDP server, an abstract socket and one with a file: none of them may be reached."""

    tcp: socket.socket
    udp: socket.socket
    files: list[socket.socket]
    name: str

    @classmethod
    def start(cls, folder: Path) -> Servers:
        """Listen on free ports of this machine."""
        tcp, udp = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        name = f"hostile-{uuid.uuid4().hex}"
        addresses = [str(folder / "server.socket"), *([f"\0{name}"] if sys.platform == "linux" else [])]
        files = [_listening(address) for address in addresses]
        for each in (tcp, udp, *files):
            each.setblocking(False)
        return cls(tcp, udp, files, name)

    def reached(self) -> list[str]:
        """Who has been connected to or written to."""
        found = [f"{each.getsockname()!r}" for each in (self.tcp, *self.files) if _accepts(each)]
        with suppress(BlockingIOError):
            found.append(f"UDP: {self.udp.recv(100)!r}")
        return found

    def close(self) -> None:
        """Stop listening."""
        for each in (self.tcp, self.udp, *self.files):
            each.close()


def _listening(address: str) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    server.listen()
    return server


def _accepts(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@dataclass
class World:
    """Everything around one grading; ``changes`` says what came of it."""

    around: Path
    secret: str
    servers: Servers
    neighbour: subprocess.Popen[bytes]
    mark: str
    signals: list[int]
    files: dict[str, str] = field(default_factory=dict)
    project: dict[str, str] = field(default_factory=dict)
    processes: set[int] = field(default_factory=set)

    def fill(self, text: str) -> str:
        """An attack's text with the names of what it is after: it may have been told."""
        names = {"TCP": self.servers.tcp.getsockname()[1], "UDP": self.servers.udp.getsockname()[1], "SOCKET": self.servers.name}
        names |= {"AROUND": self.around, "PROJECT": PROJECT, "MARK": self.mark, "SECRET": "LEAKED " + "a secret"}
        for name, value in names.items():
            text = text.replace(f"@{name}@", str(value))
        return text

    def remember(self) -> None:
        """Take note of how everything is."""
        self.files, self.project, self.processes = tree(self.around), project_tree(), _children()

    def changes(self) -> list[str]:
        """What is not as it was."""
        return [
            *_compared("around", self.files, tree(self.around)),
            *_compared("project", self.project, project_tree()),
            *(f"left a file: {path}" for path in self._marks()),
            *(f"left a process: {name}" for name in self._left_processes()),
            *(f"reached {name}" for name in self.servers.reached()),
            *(["ended another process"] if self.neighbour.poll() is not None else []),
            *(f"sent signal {number} to the grader" for number in self.signals),
        ]

    def _marks(self) -> Iterator[Path]:
        """Files of the attack in places that all may know."""
        for place in _known_places():
            with suppress(OSError):
                yield from (path for path in place.iterdir() if self.mark in path.name)

    def _left_processes(self) -> list[str]:
        """Descendants that were not there before; orphans are ours because this process adopts them."""
        end = time.monotonic() + _LINGER_SECONDS
        while (left := _strangers(self.processes)) and time.monotonic() < end:
            time.sleep(0.05)
        return left

    def clean(self) -> None:
        """Take away what an attack left, so that it harms no other test."""
        for path in self._marks():
            path.unlink(missing_ok=True)
        for number in _children() - self.processes:
            with suppress(psutil.Error):
                if _is_strange(psutil.Process(number)):
                    psutil.Process(number).kill()


def _known_places() -> list[Path]:
    home, packages = Path(pwd.getpwuid(os.getuid()).pw_dir), Path(sysconfig.get_path("purelib"))
    open_to_all = [Path(name) for name in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/", "/etc")]
    installed = [packages, packages / "torch", Path(sysconfig.get_path("stdlib")), Path(sys.executable).parent]
    own = [PROJECT, PROJECT / "grader", PROJECT / "grader/checks", PROJECT / "rubrics", PROJECT / "reference", PROJECT / "tests"]
    return [*open_to_all, home, home / ".cache", *installed, *own, Path.cwd()]


@contextmanager
def world_around(folder: Path, mark: str) -> Iterator[World]:
    """A folder with a data root, a gradebook, a report and another submission; servers; a neighbour that knows the secret."""
    secret = f"canary-{uuid.uuid4().hex}"
    for name in ("data_root/secret.txt", "other_submission/net.py", "home/.ssh/id"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f'"""{secret}"""\n')
    (folder / "report.html").write_text(f"5 of 20 points {secret}")
    with sqlite3.connect(folder / "gradebook.db") as book:
        book.execute("create table marks (points real)")
        book.execute("insert into marks values (5)")
    book.close()
    servers, neighbour = Servers.start(folder), _start_neighbour(secret)
    signals: list[int] = []
    before = signal.signal(signal.SIGUSR2, lambda number, _: signals.append(number))
    world = World(folder, secret, servers, neighbour, mark, signals)
    try:
        yield world
    finally:
        world.clean()
        signal.signal(signal.SIGUSR2, before)
        neighbour.kill()
        neighbour.wait()
        servers.close()


def _start_neighbour(secret: str) -> subprocess.Popen[bytes]:
    """A process of the same user, with a secret in its environment and its arguments."""
    command = [sys.executable, "-S", "-c", "import time; time.sleep(900)", "hostile-neighbour", secret]
    return subprocess.Popen(command, env={"SECRET": secret}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")


def tree(folder: Path, skipped: tuple[str, ...] = ()) -> dict[str, str]:
    """SHA-256 of all files below a folder, where links lead, and which folders there are, by path."""
    return {str(path.relative_to(folder)): _state(path) for path in _walk(folder, skipped)}


def _walk(folder: Path, skipped: tuple[str, ...]) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in skipped]
        yield from (Path(here, name) for name in (*folders, *names))


def _state(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"


def project_tree() -> dict[str, str]:
    """The grader, its rubrics, the reference and the submissions of the tests; compiled code changes at every start."""
    found = {name: tree(PROJECT / name, ("__pycache__",)) for name in WATCHED}
    return {f"{name}/{path}": state for name, states in found.items() for path, state in states.items()}


def _compared(what: str, before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [f"{what}: {path}" for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]


def adopt_orphans() -> None:
    """Children whose parents ended become this process's own, where the platform has that, and are seen."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _children() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


def _strangers(known: set[int]) -> list[str]:
    """New descendants: neither the trusted processes, which look like this one, nor those that have ended already."""
    found = []
    for number in _children() - known:
        with suppress(psutil.Error):
            process = psutil.Process(number)
            if _is_strange(process):
                found.append(f"{number} {' '.join(process.cmdline())[:200]}")
    return found


def _is_strange(process: psutil.Process) -> bool:
    if process.status() == psutil.STATUS_ZOMBIE:
        return False
    line = process.cmdline()
    return line != psutil.Process().cmdline() and not any("multiprocessing" in word for word in line)
