"""How a process that was forked inside bubblewrap shuts itself into namespaces of its own, before it runs any foreign code.

Linux only. It does what bubblewrap does for a worker that starts alone (see namespaces(7), capabilities(7)): a user
namespace, in which it may mount for a moment, and with it mounts, processes, network, IPC, host name and control groups of
its own. Every mount that it found is locked by the kernel from then on: it can be covered, and neither moved nor taken off.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterator
from pathlib import Path

SUBMISSION, TMP, PROC = "/submission", "/tmp", "/proc"

_CLONE_NEWCGROUP = 0x2000000
_APART = 0x7C020000  # CLONE_NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_READ_ONLY, _NO_SUID, _NO_DEV, _NO_EXEC, _BIND, _MOVE, _RECURSIVE = 1, 2, 4, 8, 4096, 8192, 16384
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _CLEAR_ALL = 4, 24, 47, 4
_CAPABILITY_VERSION = 0x20080522


def leave() -> None:
    """New namespaces around this process; the one for processes begins with its next child. Raises OSError."""
    user, group = os.getuid(), os.getgid()
    try:
        _call("unshare", _APART | _CLONE_NEWCGROUP)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a kernel that has no namespace for control groups
            raise
        _call("unshare", _APART)
    Path(PROC, "self/setgroups").write_text("deny")
    Path(PROC, "self/uid_map").write_text(f"{user} {user} 1")
    Path(PROC, "self/gid_map").write_text(f"{group} {group} 1")


def shut_in(copy: str, scratch_bytes: int) -> None:
    """Scratch at /tmp, the copy of one submission where all of them could be seen, a /proc of one's own. Raises OSError.

    The first process of the new process space calls it. The scratch is filled where the copies are, and then moved: an
    interpreter may be mounted below /tmp, and has to be there again.
    """
    _mount("tmpfs", SUBMISSION, "tmpfs", _NO_SUID | _NO_DEV, f"mode=0755,size={scratch_bytes}")
    for place in _mounted_below(TMP):
        target = Path(SUBMISSION + place.removeprefix(TMP))
        _make_place(target, is_folder=Path(place).is_dir())
        _mount(place, str(target), None, _BIND | _RECURSIVE)
    _mount(SUBMISSION, TMP, None, _MOVE)
    _mount(f"{SUBMISSION}/{copy}", SUBMISSION, None, _BIND)
    _mount("proc", PROC, "proc", _READ_ONLY | _NO_SUID | _NO_DEV | _NO_EXEC)
    os.chdir(TMP)


def give_up_capabilities() -> None:
    """None is left, and none can come back. Raises OSError."""
    capability = 0
    while _libc().prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    _call("prctl", _PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    _call("capset", struct.pack("Ii", _CAPABILITY_VERSION, 0), bytes(24))


def be_readable(wanted: bool) -> None:
    """Whether other processes of the same user may look at this one's memory and descriptors."""
    _call("prctl", _PR_SET_DUMPABLE, int(wanted), 0, 0, 0)


def _mounted_below(folder: str) -> Iterator[str]:
    """Mount points below a folder that are not below another one of these."""
    last = None
    points = {line.split()[4].encode().decode("unicode_escape") for line in Path(PROC, "self/mountinfo").read_text().splitlines()}
    for point in sorted(points):
        if point.startswith(f"{folder}/") and not (last and point.startswith(f"{last}/")):
            yield point
            last = point


def _make_place(target: Path, *, is_folder: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_folder:
        target.mkdir(exist_ok=True)
    else:
        target.touch()


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    words = [word.encode() if word is not None else None for word in (source, target, kind)]
    _call("mount", *words, flags, options.encode() if options else None)


def _call(name: str, *arguments: int | bytes | None) -> None:
    if getattr(_libc(), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
