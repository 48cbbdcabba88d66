"""The protocol between the examiner and the worker. This docstring is its definition.

The examiner starts ``python -m worker SUBMISSION [LIMITS]`` and talks to it over the worker's standard input and a private
copy of its standard output; whatever the student's code prints goes to standard error. LIMITS is a JSON object:
"memory_bytes", "file_bytes" and "cpu_seconds" (resource limits that the worker sets on itself before it runs student
code) and "warm" (prepare for exports before the first request). Both directions carry frames:

    magic     4 bytes   b"GRD1"
    header    u32 (little endian) number of bytes, then that many bytes of UTF-8 JSON (an object)
    body      u64 (little endian) number of bytes, then that many bytes: a safetensors file, or nothing

A reader knows its limits before it reads: ``MAX_HEADER_BYTES`` and ``MAX_BODY_BYTES``. A frame over a limit, a wrong
magic or a header that is no JSON object ends the conversation.

Request header   {"id": int, "verb": one of VERBS, "params": {...}}       body: tensors that the verb names
Reply header     {"id": int, "data": {...}}                               body: tensors that the data names
             or  {"id": int, "fault": {"kind": one of FAULTS, "message": str, "file": str|null, "line": int|null,
                                       "construct": str|null, "remedy": str|null}}
The worker first says {"id": 0, "data": {}}: it is ready, and no student code has run yet. Then comes one reply to each
request (ids from 1), in order. Everything in a reply is untrusted. JSON has no NaN here, and no lone surrogates.
"request" is the fault of a frame that breaks the protocol; the examiner's side adds the kinds "died" and "deadline".

A *candidate* is {"file": "models/cnn_models.py", "name": "SimpleCNN", "arguments": {...}}; file is relative to the
submission with forward slashes. It is built under ``torch.manual_seed(seed)``.

Verbs
    load        {"file": str}
                -> {"names": [str, ...]}                    the public names the module defines itself
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
    rebuild     {candidate, "seed": int}
                -> {"parameters": [{"path": str, "shape": [...], "trainable": bool}, ...]}; tensors "weights/PATH"
    gradients   {candidate, "seed": int}; tensors "weights/PATH" (float64, loaded into the candidate),
                "inputs.0" ... (float64), "cotangent" (float64, the output's shape)
                -> {"functions": [str, ...]}; tensors "outputs.0", "grad_inputs.0" ..., "grad_weights/PATH"
                In evaluation mode. A tensor that gets no gradient is left out.
                A candidate that is no nn.Module (a bare autograd.Function, a function) is called with the inputs; a
                Function gets the arguments after them, by position.
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
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

MAGIC = b"GRD1"
MAX_HEADER_BYTES = 16 * 2**20
MAX_BODY_BYTES = 256 * 2**20
VERBS = ("load", "export", "rebuild", "gradients", "experiment")
FAULTS = ("import", "missing", "build", "forward", "export", "backward", "experiment", "result", "request")
INTEGER_OPS = ("add", "sub", "mul", "floordiv", "neg")


class WireError(Exception):
    """The bytes on the wire are no frame of this protocol, or larger than it allows."""


@dataclass(frozen=True)
class Frame:
    """One message: a JSON object and the bytes of a safetensors file (or none)."""

    header: dict[str, Any]
    body: bytes = b""


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
    header = _parse_object(_exactly(stream, header_bytes))
    (body_bytes,) = struct.unpack("<Q", _exactly(stream, 8))
    if body_bytes > MAX_BODY_BYTES:
        raise WireError(f"a body of {body_bytes} bytes is over the limit of {MAX_BODY_BYTES}")
    return Frame(header, _exactly(stream, body_bytes))


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise WireError(f"the stream ended after {len(data)} of {count} bytes")
    return data


def _parse_object(data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(data, parse_constant=_refuse_constant)
        if b"\\ud" in data or b"\\uD" in data:  # an escape can make a text that no file takes
            json.dumps(header, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise WireError("the header is not JSON") from error
    if not isinstance(header, dict):
        raise WireError("the header is not a JSON object")
    return header


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")
