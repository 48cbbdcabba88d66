"""The protocol between the examiner and the worker. This docstring is its definition.

The examiner starts ``python -m worker SUBMISSION [LIMITS]`` and talks to it over the worker's standard input and a private
copy of its standard output; whatever the student's code prints goes to standard error. LIMITS is a JSON object:
"memory_bytes", "file_bytes", "cpu_seconds" and "open_files" (resource limits that the worker sets on itself before it runs
student code), "warm" (prepare for exports before the first request) and "working_copy" (a folder to make, copy SUBMISSION
to and work in, where SUBMISSION itself is read-only). Both directions carry frames:

    magic     4 bytes   b"GRD1"
    header    u32 (little endian) number of bytes, then that many bytes of UTF-8 JSON (an object)
    body      u64 (little endian) number of bytes, then that many bytes: a safetensors file, or nothing

A reader knows its limits before it reads: ``MAX_HEADER_BYTES`` and ``MAX_BODY_BYTES``. It allocates what has arrived,
not what was announced. A header holds at most ``MAX_CONTAINERS`` objects and lists, ``MAX_VALUES`` values and
``MAX_DEPTH`` levels; its keys differ, its numbers are finite, its bytes are UTF-8. A frame over a limit, a wrong magic or
a header that is no such JSON object ends the conversation.

Request header   {"id": int, "verb": one of VERBS, "params": {...}, "seconds": float}   body: tensors that the verb names
Reply header     {"id": int, "data": {...}}                               body: tensors that the data names
             or  {"id": int, "fault": {"kind": one of FAULTS, "message": str, "file": str|null, "line": int|null,
                                       "construct": str|null, "remedy": str|null}}
The worker first says {"id": 0, "data": {"confined": bool}}: it is ready, no student code has run yet, and this is whether it
could give up privileges and system calls for good (see ``confine``). Then comes one reply to each
request (ids from 1), in order. Everything in a reply is untrusted. JSON has no NaN here, and no lone surrogates.
When a request has taken most of its "seconds" (wall time, then the process is ended) the worker prints its stack to standard error.
"request" is the fault of a frame that breaks the protocol; the examiner's side adds the kinds "died" and "deadline".

A *candidate* is {"file": "models/cnn_models.py", "name": "SimpleCNN", "arguments": {...}}; file is relative to the
submission with forward slashes, a Python file or a notebook (.ipynb, whose code cells are one file). It is built under
``torch.manual_seed(seed)``. The name may be that of a class inside a function ("make_nets.Net") that uses nothing the
function calculates, or of one under the main guard. Anywhere in the arguments {"$ref": "file.py:Name"} stands for a class or
function of the submission, {"$ref": "torch.nn:ReLU"} for one of torch.nn, torch.nn.functional or torch, and {"$new":
"file.py:Settings", "with": {"kernel": 5}} for what a class of the submission gives when it is called so. Lists are given as
they are, and as tuples where that fails with a TypeError; a list for ``*layers`` is its arguments.

Verbs
    load        {"file": str}
                -> {"names": [str, ...],                    the public names the module defines itself
                    "how": "imported" | "definitions", "notes": [str, ...]}
                A file that only defines is imported as it stands. One that does more when it is imported (trains, downloads,
                plots), one whose import fails, and a notebook are loaded by their "definitions": imports, classes, functions
                and constants, each on its own; a package that is not installed gets a stand-in. The notes say what was left
                out, with lines. A fault where nothing of the file can be had.
    trial       {candidate without arguments, "builds": [ARGUMENTS, ...], "shapes": [[C, H, W], ...], "seed": int,
                 "max_elements": int}                       of one sample; may be left out
                -> {"builds": [{"fault": FAULT | null, "parameters": int,
                                "runs": [null | {"output": [...], "finite": bool}, ...], "refused": FAULT | null}, ...]}
                The first MAX_BUILDS of trial, each in evaluation mode on two samples of each shape, or on one where two fail.
                "output" is the shape for one sample; null where it does not run, and "refused" is why the first such does not.
    build       {candidate, "seed": int, "inputs": ..., "batch_sizes": ...}   as for export
                -> {"digests": {path: SHA-256 of the parameter's bytes}}
                The candidate is built, run once, and kept for the next export or initial request with the same candidate
                and seed. Until then all that a worker was asked is the same, whatever is done with it afterwards.
    export      {candidate, "seed": int, "inputs": [{"shape": [int|null, ...], "dtype": "float32"}, ...],
                 "batch_sizes": [int, ...]}                 null is the free batch size
                -> {"training": GRAPH, "evaluation": GRAPH, "form": "free" | "fixed", "notes": [NOTE, ...],
                    "outputs": [TENSOR, ...], "functions": [str, ...]}
                Tensors: the initial weights, named as the graphs' "storage" says; "probe" (the evaluation input the
                worker used, batch_sizes[0] samples; "probe.1" ... for further inputs) and "outputs.0", ... (eager
                evaluation outputs for it).
                "functions" are the student's own autograd.Function classes met on the way back from the output.
                "form" is "fixed" where only fixed batch sizes could be exported: then "training"/"evaluation" hold the
                graph of the first of batch_sizes that works (the graph's inputs and "probe" say which; where none of
                them works, of another that does), and "others" {"2": {"training": GRAPH, "evaluation": GRAPH}, ...}
                the rest. Also tensors "probe@B" and "outputs@B" (first input, first output, evaluation) for each batch
                size B at which the candidate runs; a note names one at which it does not.
                Where no export succeeds at all: {"form": "values", "parameters": [{"path","shape","trainable"}],
                "notes": [...]} and tensors "weights/PATH", and "probe.B", "outputs.B" likewise: the examiner
                trains nothing it has no graph of.
                NOTE {"kind": "lazy"|"hooks"|"fixed_batch"|"construct", "message", "file", "line", "construct", "remedy"}
                An autograd.Function or a function that is no factory is exported as a network that applies it.
    initial     {candidate, "seed": int}
                -> {"parameters": [{"path": str, "shape": [...], "trainable": bool}, ...]}; tensors "weights/PATH"
    gradients   {candidate, "seed": int}; tensors "weights/PATH" (float64, loaded into the candidate),
                "inputs.0" ... (float64), "cotangent" (float64, the output's shape)
                -> {"functions": [str, ...], "idle": [str, ...], "others": [str, ...]}; tensors "outputs.0", "grad_inputs.0" ...,
                "grad_weights/PATH". Of the "functions" the "idle" ones only handed their gradient on; "others" is the
                mathematics on the way back that autograd did outside of them ("Sigmoid", "Convolution").
                In evaluation mode. A tensor that gets no gradient is left out.
                A candidate that is no nn.Module (a bare autograd.Function, a function) is called with the inputs; a
                Function gets the arguments after them, by position, in the order of its signature.
    experiment  {"file": str, "function": str, "arguments": {...}, "data": [[name, images_tensor, labels_tensor], ...]}
                tensors as named -> {"document": JSON}      what the function returned, as plain JSON
                "data" entries are passed by keyword name as a tuple (images, labels). Numbers that are not finite come
                back as null. An integer argument "seed" also seeds random, numpy and torch.

GRAPH (a network as data; nothing in it is code)
    {"inputs":  [{"name": "x0", "shape": [null, 1, 28, 28], "dtype": "float32"}],
     "tensors": [{"name": "t0", "kind": "parameter"|"buffer"|"constant", "path": "conv1.weight", "storage": "s0",
                  "shape": [8, 1, 3, 3], "dtype": "float32", "trainable": true}],
     "nodes":   [{"name": "n0", "op": "aten.conv2d.default", "args": [...], "kwargs": {...},
                  "at": "models/cnn_models.py:31" | null, "module": "conv1" | null}],
     "outputs": [{"ref": "n7"}]}
    Tensors that share a storage name are tied: one weight. A "buffer" that only the graph's own norm or counter writes
    (running statistics) stays one; lifted constants are "constant".
    ARGUMENT  null | true | false | int | float | {"ref": NAME} | {"float": "inf"|"-inf"|"nan"} | {"dtype": "float32"}
              | {"device": "cpu"} | {"memory_format": "contiguous_format"} | {"layout": "strided"} | {"string": WORD}
              | [ARGUMENT, ...]
    A node may yield several values (``max_pool2d_with_indices``, ``max.dim``, ``split``): ``getitem`` nodes
    ("op": "getitem", args [ref, index]) take one. A free batch size is a "aten.sym_size.int" node and integer
    arithmetic on it ("add", "mul", "floordiv", ...: the OP names in INTEGER_OPS), never text.
    What ``no_grad`` encloses is inlined, each of its outputs passed through "aten.detach.default". Operators that only
    make dead values are left out; those that write into a tensor stay.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

MAGIC = b"GRD1"
MAX_HEADER_BYTES = 16 * 2**20
MAX_BODY_BYTES = 160 * 2**20  # 42 million weights
MAX_CONTAINERS, MAX_VALUES, MAX_DEPTH = 400_000, 1_500_000, 64  # a byte of JSON can cost 30 bytes of memory
VERBS = ("load", "trial", "build", "export", "initial", "gradients", "experiment")
FAULTS = ("import", "missing", "build", "forward", "export", "backward", "experiment", "result", "tampered", "request")
_PIECE = 2**20
INTEGER_OPS = ("add", "sub", "mul", "floordiv", "neg")


class WireError(Exception):
    """The bytes on the wire are no frame of this protocol, or larger than it allows."""


@dataclass(frozen=True)
class Frame:
    """One message: a JSON object and the bytes of a safetensors file (or none)."""

    header: dict[str, Any]
    body: bytes | bytearray = b""


def write_frame(stream: BinaryIO, frame: Frame) -> None:
    """Write one frame and flush. Raises WireError when it is over the limits."""
    header = json.dumps(frame.header, separators=(",", ":"), allow_nan=False).encode()
    if len(header) > MAX_HEADER_BYTES or len(frame.body) > MAX_BODY_BYTES:
        raise WireError(f"a frame of {len(header)} + {len(frame.body)} bytes is over the limit")
    stream.write(MAGIC + struct.pack("<I", len(header)) + header + struct.pack("<Q", len(frame.body)))
    stream.write(frame.body)
    stream.flush()


def read_frame(stream: BinaryIO) -> Frame | None:
    """Read one frame; None at a clean end of the stream. Sizes are checked before anything is read.

    Raises WireError for a truncated, oversized or malformed frame.
    """
    magic = stream.read(len(MAGIC))
    if not magic:
        return None
    if magic != MAGIC:
        raise WireError("the stream does not hold a frame")
    (header_bytes,) = struct.unpack("<I", _exactly(stream, 4))
    if header_bytes > MAX_HEADER_BYTES:
        raise WireError(f"a header of {header_bytes} bytes is over the limit of {MAX_HEADER_BYTES}")
    header = parse_object(_exactly(stream, header_bytes), "header")
    (body_bytes,) = struct.unpack("<Q", _exactly(stream, 8))
    if body_bytes > MAX_BODY_BYTES:
        raise WireError(f"a body of {body_bytes} bytes is over the limit of {MAX_BODY_BYTES}")
    return Frame(header, _exactly(stream, body_bytes))


def _exactly(stream: BinaryIO, count: int) -> bytearray:
    """Piece by piece: ``read(count)`` would allocate a size that a stranger announced."""
    data = bytearray()
    while len(data) < count:
        piece = stream.read(min(count - len(data), _PIECE))
        if not piece:
            raise WireError(f"the stream ended after {len(data)} of {count} bytes")
        data += piece
    return data


def parse_object(data: bytearray, what: str) -> dict[str, Any]:
    """A stranger's JSON object, bounded in values and depth. Raises WireError."""
    if data.count(b"{") + data.count(b"[") > MAX_CONTAINERS or data.count(b",") > MAX_VALUES:
        raise WireError(f"the {what} holds too many values")
    try:
        header = json.loads(data.decode(), parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_distinct)
        if b"\\ud" in data or b"\\uD" in data:  # an escape can make a text that no file takes
            json.dumps(header, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise WireError(f"the {what} is not JSON") from error
    if not isinstance(header, dict):
        raise WireError(f"the {what} is not a JSON object")
    _check_depth(header, what)
    return header


def _check_depth(header: dict[str, Any], what: str) -> None:
    level: list[Any] = [header]
    for _ in range(MAX_DEPTH):
        values = (value for each in level for value in (each.values() if isinstance(each, dict) else each))
        level = [value for value in values if isinstance(value, dict | list)]
        if not level:
            return
    raise WireError(f"the {what} is nested more than {MAX_DEPTH} deep")


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large for a number")
    return number


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found
