"""Drive the border with hostile input, guided by coverage: frames, replies, and what is measured on a validated graph.

    pip install .[fuzz]
    python bench/fuzz.py [--inputs 40000] [--targets frame reply graph] [--seconds 300] [--corpus FOLDER]

Each target runs in a process of its own under libFuzzer (atheris). An input fails the run where anything but the border's
own errors comes out, where it takes more than two seconds, or where the process grows by more than 256 MiB. What failed is
written to FOLDER and can be given as --replay FILE with its target. The seeds are exported on the fly.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SECONDS, MEGABYTES = 2, 256
SHARES = {"frame": 0.8, "reply": 0.15, "graph": 0.05}  # of the inputs
sys.path.insert(0, str(ROOT))


def frame(data: bytes) -> None:
    """Bytes as they come out of the worker's pipe, and the answers in them."""
    from grader.sandbox.replies import parse_reply
    from grader.worker.wire import WireError, read_frame

    stream = io.BytesIO(data if data.startswith(b"GRD1") else _framed(data))
    try:
        while (found := read_frame(stream)) is not None:
            parse_reply(found, 1)
    except WireError:
        pass


def _framed(data: bytes) -> bytes:
    """A frame whose lengths fit: header, header of the tensors and their bytes, with 0xFF between them."""
    header, described, rest = (*data.split(b"\xff", 2), b"", b"")[:3]
    described += b" " * (-len(described) % 8)
    body = struct.pack("<Q", len(described)) + described + rest if described else rest
    return b"GRD1" + struct.pack("<I", len(header)) + header + struct.pack("<Q", len(body)) + body


def reply(data: bytes) -> None:
    """A real reply to the export verb with some changes, and what is measured on it where it is accepted."""
    from grader.network import NetworkError, from_reply
    from grader.network.structure import analyse
    from tests.border.mutations import mutated_reply

    document, tensors = mutated_reply(data)
    before = {name: value.clone() for name, value in tensors.items()}
    try:
        exported = from_reply(document, tensors)
        if len(exported.evaluation.nodes) < 60 and data[-1:] < b"\x40":
            analyse(exported, seed=0)
    except NetworkError:
        pass
    assert all(_same(value, before[name]) for name, value in tensors.items()), "an input of the examiner was written to"


def graph(data: bytes) -> None:
    """A small graph of random operators: its caps, a run, and its structure."""
    from grader.network import NetworkError, from_reply
    from grader.network.structure import analyse
    from tests.border.graphs import random_graph, tensors_for

    document = random_graph(data)
    with contextlib.suppress(NetworkError):
        analyse(from_reply(*tensors_for(document)), seed=0)


def _same(left: Any, right: Any) -> bool:
    import torch

    return left.shape == right.shape and torch.equal(left.nan_to_num(), right.nan_to_num())


TARGETS: dict[str, Callable[[bytes], None]] = {"frame": frame, "reply": reply, "graph": graph}


class Meter:
    """Inputs, the slowest of them, and how far the process grew."""

    def __init__(self, target: Callable[[bytes], None]) -> None:
        self.target = target
        self.inputs, self.worst, self.slowest = 0, 0.0, b""
        self.start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def __call__(self, data: bytes) -> None:
        """One input, timed."""
        before = time.process_time()  # of the processor: a busy machine hangs no input
        self.target(data)
        taken = time.process_time() - before
        if taken > SECONDS:
            raise TimeoutError(f"one input took {taken:.1f} seconds")
        self.inputs += 1
        if taken > self.worst:
            self.worst, self.slowest = taken, data

    def figures(self) -> dict[str, Any]:
        """What the run shows so far."""
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - self.start) / 1024
        return {"worst_seconds": round(self.worst, 3), "grown_mib": round(grown), "slowest": self.slowest[:60].hex()}


def _frames() -> list[bytes]:
    """Seeds: whole frames, and the pieces of some."""
    from safetensors.torch import save

    from grader.worker.wire import Frame, write_frame
    from tests.border.mutations import seeds

    fault = {"kind": "import", "message": "m", "file": None, "line": 3, "construct": None, "remedy": None}
    document, tensors = seeds()[2]
    body = save({name: value.clone() for name, value in tensors.items()})
    streams = []
    for each in (Frame({"id": 1, "data": {}}), Frame({"id": 1, "fault": fault}), Frame({"id": 1, "data": document}, body)):
        stream = io.BytesIO()
        write_frame(stream, each)
        streams.append(stream.getvalue())
    size = int.from_bytes(body[:8], "little")
    pieces = [json.dumps({"id": 1, "data": {}}).encode(), body[8 : 8 + size], body[8 + size :]]
    small = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"BOOL","shape":[1,0],"data_offsets":[8,8]}}'
    made = [b"\xff".join(pieces), b"\xff".join((pieces[0], small, bytes(8))), json.dumps({"id": 1, "fault": fault}).encode()]
    return [*made, *streams, b"GRD1" + struct.pack("<I", 2) + b"{}" + struct.pack("<Q", 2**60)]


_WORDS = (
    '{"id":1,"data":{}}', '"fault":{', '"dtype":"F32"', '"F64"', '"BF16"', '"I64"', '"BOOL"', '"U8"', '"shape":[', '"data_offsets":[',
    '"__metadata__":{', "[[[[", "{}", "[]", "null", "true", "1e999", "NaN", "-1", "18446744073709551615", "4611686018427387904",
    r"\ud800", r"\u0000",
)  # fmt: skip


def child(name: str, inputs: int, seconds: int, folder: Path) -> None:
    """Fuzz one target in this process; libFuzzer ends it."""
    import atheris
    import torch

    torch.set_num_threads(1)
    with atheris.instrument_imports(include=["grader.network", "grader.worker.wire", "grader.sandbox.replies", "grader.sandbox.tensors"]):
        for module in ("grader.network.structure", "grader.sandbox.replies", "tests.border.mutations"):
            importlib.import_module(module)
    corpus = folder / name
    corpus.mkdir(parents=True, exist_ok=True)
    starts = _frames() if name == "frame" else [bytes([place]) * length for place in range(12) for length in (2, 24, 60)]
    for place, data in enumerate(starts):
        (corpus / f"seed{place}").write_bytes(data)
    TARGETS[name](starts[0])  # what is imported and cached on first use belongs to the baseline
    meter = Meter(TARGETS[name])
    baseline = meter.start // 1024
    limits = [
        f"-timeout={10 * SECONDS}",
        f"-rss_limit_mb={baseline + MEGABYTES}",
        f"-malloc_limit_mb={MEGABYTES}",
        f"-max_total_time={seconds}",
    ]
    (folder / "words").write_text("\n".join(json.dumps(word) for word in _WORDS))
    size = 8192 if name == "frame" else 160
    options = [*limits, f"-runs={inputs}", f"-max_len={size}", f"-artifact_prefix={folder}/{name}-", "-len_control=0"]
    options += [f"-dict={folder}/words"] if name == "frame" else []

    def one(data: bytes) -> None:
        meter(data)
        if meter.inputs % 50 == 0:
            (folder / f"{name}.json").write_text(json.dumps(meter.figures()))

    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


def main() -> int:
    """Run the targets one after the other; 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=120_000)
    parser.add_argument("--seconds", type=int, default=900)
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--replay", type=Path)
    parser.add_argument("--child", choices=TARGETS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = options.corpus or Path(tempfile.mkdtemp(prefix="fuzz-"))
    if options.replay:
        TARGETS[options.targets[0]](options.replay.read_bytes())
        return 0
    if options.child:
        child(options.child, options.inputs, options.seconds, folder)
        return 0
    return max([_report(name, options, folder) for name in options.targets])


def _report(name: str, options: argparse.Namespace, folder: Path) -> int:
    command = [sys.executable, __file__, "--child", name, "--corpus", str(folder)]
    command += ["--inputs", str(round(options.inputs * SHARES[name])), "--seconds", str(round(options.seconds / len(options.targets)))]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    lines = done.stderr.splitlines()
    runs = [line.split()[1] for line in lines if line.startswith("Done ")]
    edges = [line.split("cov: ")[1].split()[0] for line in lines if "cov: " in line]
    figures = json.loads((folder / f"{name}.json").read_text()) if (folder / f"{name}.json").exists() else {}
    print(f"{name}: exit {done.returncode}, {runs[-1] if runs else '?'} inputs, {edges[-1] if edges else '?'} edges, {figures}", flush=True)
    if done.returncode:
        print("\n".join(lines[-40:]), flush=True)
    return int(done.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
