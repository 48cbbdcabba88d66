"""What the worker gives up for good before it runs a student's code: new privileges, and system calls it never needs.

Linux only, on x86_64 and aarch64: a filter of system calls (seccomp, https://docs.kernel.org/userspace-api/seccomp_filter.html)
that the process sets on itself, and that all it starts inherits. A call that is denied fails with EPERM, as if the machine
forbade it. Denied is what reaches into other processes, changes mounts or namespaces, keeps memory that no count of
resident pages shows, or speaks to the network; a program that calculates and writes files meets none of it.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys

_PR_SET_SECCOMP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 22, 36, 38
_FILTER_MODE = 2
_AF_UNIX = 1
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_X32 = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16  # in struct seccomp_data

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# name: (number on x86_64, number on aarch64); from 424 on they are the same everywhere
_DENIED = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "open_tree_attr": (467, 467), "unshare": (272, 97), "setns": (308, 268),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142), "acct": (163, 89),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "syslog": (103, 116), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186),
}  # fmt: skip
_CLONE, _CLONE3, _SOCKET, _SOCKETPAIR, _PRCTL = (56, 220), (435, 435), (41, 198), (53, 199), (157, 167)

_Step = tuple[int, int, int, int]  # code, steps to skip if true, if false, operand


def confine() -> bool:
    """Give up the privileges and the system calls; False where the platform has no such thing.

    Call it while the process has one thread: others keep theirs.
    """
    program = filter_program()
    if program is None:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans stay in the worker's family, where they are counted and ended
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    steps = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HP", len(program) // 8, ctypes.addressof(steps))
    return bool(libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.create_string_buffer(header, len(header)), 0, 0) == 0)


def filter_program() -> bytes | None:
    """The filter as an array of ``struct sock_filter``; None on a platform that it is not written for."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _ARCHITECTURES or sys.maxsize < 2**32:
        return None
    return b"".join(struct.pack("HBBI", *step) for step in _steps(machine))


def _steps(machine: str) -> list[_Step]:
    at = list(_ARCHITECTURES).index(machine)
    steps = [(_LOAD, 0, 0, _ARCHITECTURE_AT), (_EQUAL, 1, 0, _ARCHITECTURES[machine]), _fail(errno.EPERM)]
    steps += [(_LOAD, 0, 0, _NUMBER_AT)]
    if machine == "x86_64":  # the same calls under other numbers
        steps += [(_AT_LEAST, 0, 1, _X32), _fail(errno.EPERM)]
    for numbers in _DENIED.values():
        steps += [(_EQUAL, 0, 1, numbers[at]), _fail(errno.EPERM)]
    steps += [(_EQUAL, 0, 1, _CLONE3[at]), _fail(errno.ENOSYS)]  # its flags cannot be read; C libraries go back to clone
    steps += _on_first_argument(_CLONE[at], (_ANY_BIT, 0, 1, _NEW_NAMESPACES))
    steps += _on_first_argument(_PRCTL[at], (_EQUAL, 0, 1, _PR_SET_CHILD_SUBREAPER))
    for call in (_SOCKET, _SOCKETPAIR):
        steps += _on_first_argument(call[at], (_EQUAL, 1, 0, _AF_UNIX))
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _on_first_argument(number: int, test: _Step) -> list[_Step]:
    """For one call: the step after ``test`` denies it, the one after that allows it."""
    return [
        (_EQUAL, 0, 4, number), (_LOAD, 0, 0, _FIRST_ARGUMENT_AT), test, _fail(errno.EPERM), (_RETURN, 0, 0, _ALLOW),
    ]  # fmt: skip


def _fail(code: int) -> _Step:
    return (_RETURN, 0, 0, _ERROR | code)
