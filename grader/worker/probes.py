"""What the worker can be asked: one function per verb, and nothing else. Parameters and replies are in ``wire``."""

from __future__ import annotations

import inspect
import json
import os
import tempfile
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from .eager import flat_tensors, parse_specs, run_once
from .faults import StudentFault, from_error
from .loading import Submission, seed_everything
from .own import Watched, others, own_functions
from .plain import plain_document
from .trial import trial
from .weights import digests, made_parameters, parameter_documents, weights

Tensors = dict[str, Tensor]
Reply = tuple[dict[str, Any], Tensors]
Probe = Callable[[Submission, dict[str, Any], Tensors], Reply]


def load(submission: Submission, params: dict[str, Any], _: Tensors) -> Reply:
    """The public names of a file, and how it was loaded."""
    return submission.description(params["file"]), {}


# What was built and is not yet handed over, by candidate and seed, with the parameters that its first run has made.
_ready: dict[str, tuple[nn.Module, frozenset[str]]] = {}


def build(submission: Submission, params: dict[str, Any], _: Tensors) -> Reply:
    """Build a candidate and run it once, and keep it for the request that hands it over."""
    module = submission.build(params["candidate"], params["seed"])
    before = made_parameters(module)
    run_once(module, parse_specs(params["inputs"]), params["batch_sizes"], params["seed"])
    _ready[_key(params)] = module, frozenset(made_parameters(module) - before)
    return {"digests": digests(module)}, {}


def export(submission: Submission, params: dict[str, Any], _: Tensors) -> Reply:
    """A candidate as graphs and weights."""
    from .export import export_module  # it imports for two seconds, which a worker that only builds does not pay

    module, lazy = _built(submission, params)
    specs = parse_specs(params["inputs"])
    return export_module(module, specs, params["batch_sizes"], root=submission.root, seed=params["seed"], lazy=lazy)


def initial(submission: Submission, params: dict[str, Any], _: Tensors) -> Reply:
    """The initial weights of a candidate."""
    module = _built(submission, params)[0]
    return {"parameters": parameter_documents(module)}, weights(module)


def _built(submission: Submission, params: dict[str, Any]) -> tuple[nn.Module, frozenset[str]]:
    ready = _ready.pop(_key(params), None)
    return ready or (submission.build(params["candidate"], params["seed"]), frozenset())


def _key(params: dict[str, Any]) -> str:
    return json.dumps([params["candidate"], params["seed"]], sort_keys=True)


def gradients(submission: Submission, params: dict[str, Any], tensors: Tensors) -> Reply:
    """The student's own backward pass in float64, in evaluation mode."""
    module = submission.build(params["candidate"], params["seed"]).double().eval()
    names = sorted((name for name in tensors if name.startswith("inputs.")), key=lambda name: int(name[7:]))
    inputs = [tensors[name].clone().requires_grad_() for name in names]
    try:
        _load_weights(module, tensors)
        outputs = flat_tensors(module(*(value.clone() for value in inputs)))
        functions, left = own_functions(outputs, submission.root), others(outputs[:1], submission.root)
        watched = Watched(outputs[:1], submission.root)
        torch.autograd.backward(outputs[:1], [tensors["cotangent"]])
    except BaseException as error:
        raise from_error("backward", error, submission.root, what="The backward pass in float64 fails",
                         remedy="Make forward and backward work for any dtype and return a gradient per input.") from None  # fmt: skip
    found = {"outputs.0": outputs[0]}
    found |= {f"grad_inputs.{at}": value.grad for at, value in enumerate(inputs) if value.grad is not None}
    found |= {f"grad_weights/{at}": p.grad for at, p in module.named_parameters() if p.grad is not None}
    return {"functions": functions, "idle": watched.idle(), "others": left}, found


def experiment(submission: Submission, params: dict[str, Any], tensors: Tensors) -> Reply:
    """What an experiment function returns, run in an empty folder."""
    function = submission.find(params["file"], params["function"])
    arguments = dict(params["arguments"])
    seed = arguments.get("seed")
    seed_everything(seed if isinstance(seed, int) else 0)
    for name, images, labels in params["data"]:
        arguments[name] = (tensors[images], tensors[labels])
    return {"document": plain_document(_run(submission, function, arguments))}, {}


def _run(submission: Submission, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    name = getattr(function, "__name__", "the function")
    os.chdir(tempfile.mkdtemp())
    try:
        return function(**arguments)
    except BaseException as error:
        remedy = _experiment_remedy(error, name, list(arguments), function)
        raise from_error("experiment", error, submission.root, what=f"{name} fails", remedy=remedy) from None
    finally:
        os.chdir(submission.root)


def _experiment_remedy(error: BaseException, name: str, arguments: list[str], function: Callable[..., Any]) -> str:
    if isinstance(error, NotImplementedError):
        return f"Write the body of {name}."
    if isinstance(error, TypeError):
        try:
            inspect.signature(function).bind(**dict.fromkeys(arguments))
        except (TypeError, ValueError):
            return f"Give {name} the parameters {', '.join(arguments)}."
    return f"Make {name}({', '.join(arguments)}) work on a small data set, without files or downloads."


def _load_weights(module: nn.Module, tensors: Tensors) -> None:
    given = {name.removeprefix("weights/"): value for name, value in tensors.items() if name.startswith("weights/")}
    unknown = sorted(given.keys() - dict(module.named_parameters(remove_duplicate=False)).keys())
    if unknown:
        raise StudentFault("build", f"The network has no parameter {unknown[0]} this time.",
                           remedy="Build the same parameters each time.")  # fmt: skip
    with torch.no_grad():
        for path, value in given.items():
            module.get_parameter(path).copy_(value)


PROBES: dict[str, Probe] = {
    "load": load,
    "trial": trial,
    "build": build,
    "export": export,
    "initial": initial,
    "gradients": gradients,
    "experiment": experiment,
}
