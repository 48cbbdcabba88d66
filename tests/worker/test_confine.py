"""What a process cannot do any more once it has confined itself; no sandbox around it."""

from __future__ import annotations

import json
import platform
import subprocess
import sys

import pytest

SCRIPT = """
import ctypes, errno, json, os, socket, subprocess, threading
from grader.worker.confine import confine

libc = ctypes.CDLL(None, use_errno=True)

def code(result):
    return errno.errorcode[ctypes.get_errno()] if result == -1 else "done"

def attempt(action):
    try:
        return code(action())
    except OSError as error:
        return errno.errorcode[error.errno]

confined = confine()
thread = threading.Thread(target=print, args=("",))
thread.start()
thread.join()
NEW_USER, SIGCHLD = 0x10000000, 17
print(json.dumps({
    "confined": confined,
    "denied": {
        "ptrace": attempt(lambda: libc.ptrace(0, 0, 0, 0)), "unshare": attempt(lambda: libc.unshare(NEW_USER)),
        "mount": attempt(lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
        "clone": attempt(lambda: libc.syscall({clone}, NEW_USER | SIGCHLD, 0, 0, 0, 0)),
        "read": attempt(lambda: libc.process_vm_readv(os.getppid(), None, 0, None, 0, 0)),
        "tcp": attempt(lambda: socket.socket().fileno()), "netlink": attempt(lambda: socket.socket(16).fileno()),
        "hidden memory": attempt(lambda: libc.syscall({memfd}, b"x", 0)),
        "orphans": attempt(lambda: libc.prctl(36, 0, 0, 0, 0)),
    },
    "clone3": attempt(lambda: libc.syscall(435, None, 0)),
    "local": attempt(lambda: len(socket.socketpair())),
    "program": subprocess.run(["true"]).returncode,
    "privileges": [line.split()[1] for line in open("/proc/self/status") if line.startswith("NoNewPrivs")],
}))
"""
NUMBERS = {"x86_64": {"clone": 56, "memfd": 319}, "aarch64": {"clone": 220, "memfd": 279}}


@pytest.mark.skipif(sys.platform != "linux" or platform.machine() not in NUMBERS, reason="no filter for this platform")
def test_only_what_no_calculation_needs_is_denied() -> None:
    script = SCRIPT
    for name, number in NUMBERS[platform.machine()].items():
        script = script.replace(f"{{{name}}}", str(number))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(done.stdout)
    assert found.pop("confined") is True
    assert found.pop("denied") == dict.fromkeys(
        ["ptrace", "unshare", "mount", "clone", "read", "tcp", "netlink", "hidden memory", "orphans"], "EPERM"
    )
    assert found == {"clone3": "ENOSYS", "local": "done", "program": 0, "privileges": ["1"]}
