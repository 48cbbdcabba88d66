"""What a submission finds out about the place that it runs in, and how it ends there."""

SCRIPT = """
import ctypes, os, random, socket, sys, time
import torch
from pathlib import Path
import statistics

def mounts():
    found = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        place, flags = left.split()[4:6]
        size = [word for word in right.split()[2].split(",") if word.startswith("size=") and place == "/tmp"]
        found[place] = [right.split()[0], *sorted(flags.split(",")), *size]
    return found

def status():
    words = ("Uid", "Gid", "Groups", "Cap", "NoNewPrivs", "Seccomp", "Threads", "Sig", "NSpid", "NSpgid", "NSsid", "Umask")
    return [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(words)]

def descriptors():
    kinds = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            place = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        kinds[name] = "stderr" if place.endswith("stderr.txt") else place.partition(":")[0]
    return kinds

def world():
    import getpass, resource
    limits = {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")}
    tops = {str(top): sorted(os.listdir(top)) for top in map(Path, ("/", "/dev", "/etc", "/submission", "/runtime", "/runtime/worker"))}
    return {"environment": dict(os.environ), "host": socket.gethostname(), "user": getpass.getuser(), "argv": sys.argv, "path": sys.path,
            "limits": limits, "tops": tops, "processes": len([name for name in os.listdir("/proc") if name.isdigit()]),
            "meta_path": len(sys.meta_path), "main": sys.modules["__main__"].__file__, "frames": frames(), "seed": torch.initial_seed(),
            "flags": str(sys.flags)}

def frames():
    count, frame = 0, sys._getframe()
    while frame := frame.f_back:
        count += 1
    return count

class Drawn:  # while the file is imported, before anything is seeded
    numbers = [random.random(), __import__("numpy").random.rand()]

def drawn():
    return Drawn.numbers

def own_module():
    return statistics.mine

def shared():
    lines = Path("/proc/self/maps").read_text().splitlines()
    return [line for line in lines if line.split()[1][1] == "w" and line.split()[1][3] == "s"]

def reach():
    found = []
    for place in ("/proc/1/mem", "/proc/1/fd/3", "/proc/1/root", "/proc/1/environ", "/proc/1/maps"):
        try:
            os.open(place, os.O_RDONLY) if place != "/proc/1/root" else os.listdir(place)
            found.append(place)
        except OSError:
            pass
    for number in (9, 15, 19):
        os.kill(1, number)
    time.sleep(0.3)
    return found

def others():
    mine = set(os.listdir("/tmp")) | set(os.listdir("/submission"))
    Path("/tmp/left-by-this-one").touch()
    return sorted(mine)

def settings():
    found = []
    for place in ("sys/vm/swappiness", "sys/kernel/core_pattern", "self/uid_map", "self/oom_score_adj", "sysrq-trigger"):
        try:
            os.close(os.open(f"/proc/{place}", os.O_WRONLY))
            found.append(place)
        except OSError:
            pass
    return found

def leave(how):
    if how == "exit":
        os._exit(7)
    if how == "signal":
        os.kill(os.getpid(), 11)
    if how == "abort":
        os.abort()
    if how == "fault":
        ctypes.string_at(0)
    if how == "close":
        os.closerange(0, 1000)
    if how == "kill others":
        for other in (-1, 0, 1):
            try:
                os.kill(other, 9)
            except OSError:
                pass
    while True:
        time.sleep(60)

def orphans():
    for _ in range(20):
        if os.fork() == 0:
            if os.fork() == 0:
                time.sleep(0.1)
            os._exit(0)
        os.wait()
    time.sleep(0.6)
    return [name for name in os.listdir("/proc") if name.isdigit()]
"""
