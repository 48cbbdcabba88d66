"""The command line that shuts a worker into namespaces of its own (bubblewrap, https://github.com/containers/bubblewrap).

Inside there are the interpreter with its packages, the ``worker`` package, the submission (all read-only, under names that
are the same every time), four devices, a /proc of its own and one scratch folder of limited size: /tmp.
"""

from __future__ import annotations

import functools
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import grader
from grader.worker.confine import filter_program

from .scratch import Scratch

TMP = Path("/tmp")
RUNTIME = Path("/runtime")
SUBMISSION = Path("/submission")
WORKING_COPY = TMP / "submission"
_USER = 1000
_PASSWD = f"worker:x:{_USER}:{_USER}::{TMP}:/bin/false\n"  # libraries ask for the name of the user
_SYSTEM = ("/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/nix/store")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/sys/devices/system/cpu")  # the last: which instructions torch may use
_SHARED_PREFIXES = frozenset({Path("/"), Path("/usr"), Path("/usr/local")})  # hold far more than an interpreter
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_DESCRIPTORS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}
_PACKAGE_FOLDERS = frozenset({"site-packages", "dist-packages"})
_PROBE_SECONDS = 20.0
_APART = (
    "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
    "--uid", str(_USER), "--gid", str(_USER), "--hostname", "worker",
    "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
)  # fmt: skip
_PROC_READ_ONLY = ("--remount-ro", "/proc")  # uid 0 may write to the kernel's settings there, whatever namespace it is in

_Mount = tuple[str | Path, ...]  # words of the command line


@contextmanager
def wrapped(
    command: Sequence[str], environment: Mapping[str, str], scratch: Scratch, scratch_bytes: int, *, is_template: bool = False
) -> Iterator[tuple[list[str], list[int]]]:
    """The command to start instead, and the descriptors that it inherits; both only live inside the context.

    A template runs no foreign code. It may make namespaces, in which the workers that it forks shut themselves.
    """
    passwd, empty = scratch.runtime.parent / "passwd", scratch.runtime.parent / "empty"
    passwd.write_text(_PASSWD)
    empty.touch()
    own: list[_Mount] = [
        ("--ro-bind", scratch.runtime, RUNTIME),
        ("--ro-bind", scratch.submission, SUBMISSION),
        ("--ro-bind", passwd, "/etc/passwd"),
    ]
    with _filter_descriptor(None if is_template else filter_program()) as descriptor:
        seccomp = [] if descriptor is None else ["--seccomp", str(descriptor)]
        line = [_bwrap(), *_APART, *seccomp, *_file_system(scratch_bytes, empty), *_flat(own), *_settled(environment)]
        line += [*([] if is_template else _PROC_READ_ONLY), "--", *command]
        yield line, [] if descriptor is None else [descriptor]


@contextmanager
def _filter_descriptor(program: bytes | None) -> Iterator[int | None]:
    """The worker's filter of system calls: bubblewrap's own process inside gets it too, or a student's code could use that one."""
    if program is None:
        yield None
        return
    reading, writing = os.pipe()
    try:
        os.write(writing, program)
        os.close(writing)
        yield reading
    finally:
        os.close(reading)


def why_unusable() -> str | None:
    """Why no worker can be shut in on this machine, as a clause; None where one can. Tried once for each interpreter."""
    if sys.platform != "linux":
        return "bubblewrap exists for Linux alone"
    return _tried(shutil.which("bwrap"), sys.executable)


@functools.cache
def _tried(bwrap: str | None, executable: str) -> str | None:
    if bwrap is None:
        return "bubblewrap is not installed"
    environment = {"LD_LIBRARY_PATH": os.environ["LD_LIBRARY_PATH"]} if "LD_LIBRARY_PATH" in os.environ else {}
    line = [
        bwrap,
        *_APART,
        *_file_system(2**20, None),
        *_settled(environment),
        *_PROC_READ_ONLY,
        "--",
        executable,
        "-I",
        "-c",
        "import ctypes",
    ]
    try:
        done = subprocess.run(line, capture_output=True, timeout=_PROBE_SECONDS, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not run ({type(error).__name__})"
    last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2][-200:]
    return f"bubblewrap does not work here ({last or f'exit code {done.returncode}'})" if done.returncode else None


def _bwrap() -> str:
    return shutil.which("bwrap") or "bwrap"


def _settled(environment: Mapping[str, str]) -> list[str]:
    """The environment, the end of all writing outside /tmp, and where to start."""
    variables = [word for name, value in environment.items() for word in ("--setenv", name, value)]
    return [*variables, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(TMP)]


def _file_system(scratch_bytes: int, empty: Path | None) -> list[str]:
    """Mounts in order; /tmp comes first, because an interpreter may be installed in a folder below it."""
    mounts: list[_Mount] = [("--size", str(scratch_bytes), "--tmpfs", TMP), ("--proc", "/proc"), ("--tmpfs", "/dev")]
    mounts += [("--dev-bind", device, device) for device in _DEVICES]
    mounts += [("--symlink", f"/proc/self/fd{tail}", f"/dev/{name}") for name, tail in _DESCRIPTORS.items()]
    mounts += [("--symlink", TMP, "/dev/shm")]  # what is shared between processes counts as scratch
    mounts += [_system_mount(Path(folder)) for folder in _SYSTEM if Path(folder).exists()]
    mounts += [("--ro-bind-try", file, file) for file in _SYSTEM_FILES]
    visible = _interpreter()
    mounts += [("--ro-bind", path, path) for path in visible]
    return _flat([*mounts, *_hidden(visible, empty)])


def _system_mount(folder: Path) -> _Mount:
    """The folder, or the link that stands for it where /lib is /usr/lib."""
    if folder.is_symlink():
        return ("--symlink", folder.readlink(), folder)
    return ("--ro-bind", folder, folder)


def _interpreter() -> list[Path]:
    """What Python needs to start and to import its packages: folders, and files that lie in none of them."""
    prefixes = {Path(prefix) for prefix in (sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix)}
    wanted = {*(prefixes - _SHARED_PREFIXES), *_packages(), *_libraries(), *_links(Path(sys.executable))}
    if prefixes & _SHARED_PREFIXES:
        wanted |= {Path(os.__file__).parent, *Path("/usr/local/lib").glob("libpython*")}
    found = {path for path in {*wanted, *(path.resolve() for path in wanted)} if path.exists()}
    return sorted(path for path in found if not found & set(path.parents))


def _packages() -> set[Path]:
    """Folders of installed packages: the interpreter's own, and the user's where they are in use."""
    return {Path(entry) for entry in [*site.getsitepackages(), *sys.path] if Path(entry).name in _PACKAGE_FOLDERS}


def _libraries() -> set[Path]:
    """Folders of shared libraries that the environment names."""
    folders = {Path(entry) for entry in os.environ.get("LD_LIBRARY_PATH", "").split(":")}
    return {folder for folder in folders if folder.is_absolute() and len(folder.parts) > 2}


def _links(file: Path) -> Iterable[Path]:
    """A file and the links that lead to it."""
    yield file
    while file.is_symlink():
        file = file.parent / file.readlink()
        yield file


def _hidden(visible: Sequence[Path], empty: Path | None) -> Iterator[_Mount]:
    """Covers for what of the grader itself lies in a folder that can be seen."""
    for path in sorted(_own_places()):
        if any(path.is_relative_to(folder) for folder in visible):
            if path.is_dir():
                yield ("--tmpfs", path, "--remount-ro", path)
            elif empty is not None:
                yield ("--ro-bind", empty, path)


def _own_places() -> set[Path]:
    """The grader's folder, and what an installation left beside packages that the worker needs."""
    package = Path(grader.__file__).resolve().parent
    places = {package if package.parent.name in _PACKAGE_FOLDERS else package.parent}
    for folder in _packages():
        traces = set(folder.glob("*dl_homework_grader*"))
        places |= traces | ({folder / "grader"} if traces else set())
    return {path for path in places if path.exists()}


def _flat(mounts: Iterable[_Mount]) -> list[str]:
    return [str(word) for mount in mounts for word in mount]
