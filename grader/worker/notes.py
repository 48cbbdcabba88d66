"""Say why a network could not be exported as it is: file, line, construct, and the change that helps."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from .faults import Place, locate, relative, sentence
from .graph import Unsupported


@dataclass(frozen=True)
class Construct:
    """A way of writing ``forward`` that keeps a network from being exported."""

    pattern: str
    name: str
    remedy: str


_BATCH_LOOP = Construct(r"^\s*for\b", "a loop over the batch", "Apply the layers to the whole batch at once: dimension 0 is the batch.")
_BATCH_SHAPE = Construct(
    r"\.(view|reshape|expand|repeat)\(\s*\(?\s*\d", "a batch size written as a number",
    "Use x.size(0) in its place, for example x.view(x.size(0), -1), or torch.flatten(x, 1).",
)  # fmt: skip
_SQUEEZE = Construct(
    r"\.squeeze\(\)", "squeeze() without a dimension",
    "Name the dimension, as in x.squeeze(-1), or use torch.flatten(x, 1): a batch of one is squeezed away too.",
)  # fmt: skip
_CONSTRUCTS = (
    Construct(r"\.numpy\(", ".numpy()", "Stay in torch: NumPy cuts the gradient; torch has the same functions."),
    Construct(r"\.tolist\(", ".tolist()", "Stay in torch: work on the tensor as a whole."),
    Construct(r"deepcopy\(", "copy.deepcopy", "Create every layer in __init__ and only call it in forward."),
    Construct(r"^\s*while\b", "a while loop on values", "Use a fixed number of steps, or torch.where."),
    Construct(r"^\s*(if|elif|assert)\b|\bif\b.*\belse\b", "a condition on values of a tensor",
              "Use torch.where(condition, a, b), or multiply by a mask."),
    Construct(r"\.item\(", ".item()", "Keep the value a tensor: y * x.mean() works without .item()."),
    Construct(r"\b(int|float|bool)\(", "a tensor turned into a number",
              "Keep the value a tensor; take sizes from x.shape."),
    Construct(r"\bprint\(|\bf[\"']|\.format\(|logg", "printing values", "Take the print out of forward."),
    Construct(r"\.(data|detach\(\)|cpu\(\))", "leaving the graph", "Work on the tensor itself."),
    _BATCH_LOOP,
    _BATCH_SHAPE,
)  # fmt: skip
_UNKNOWN = Construct("", "this line", "Write forward with torch operations on whole tensors.")


def explain(kind: str, what: str, error: BaseException, module: nn.Module, root: Path) -> dict[str, Any]:
    """The NOTE on an error that an export, or a forward at another batch size, met."""
    place, construct = _cause(kind, error, module, root)
    where = f" at `{place.source[:120]}`" if place.source else ""
    said = "" if type(error).__module__.startswith("torch.") else f" ({sentence(error, root)[:200]})"
    return {
        "kind": kind,
        "message": f"{what}: {construct.name}{where}{said}",
        "file": place.file,
        "line": place.line,
        "construct": construct.name,
        "remedy": construct.remedy,
    }


def _cause(kind: str, error: BaseException, module: nn.Module, root: Path) -> tuple[Place, Construct]:
    if kind == "fixed_batch" and (found := _batch_construct(module, root)):
        return found
    place = _place_of(error, root)
    return place, _match(place) or _UNKNOWN


def _place_of(error: BaseException, root: Path) -> Place:
    if isinstance(error, Unsupported) and error.place:
        file, line = error.place
        lines = (root / file).read_text(encoding="utf-8", errors="replace").splitlines()
        return Place(file, line, lines[line - 1].strip() if line <= len(lines) else "")
    return locate(error, root)


def _match(place: Place) -> Construct | None:
    for text in (place.segment, place.source):
        for construct in _CONSTRUCTS:
            if text and re.search(construct.pattern, text):
                return construct
    return None


# --- what ties a network to one batch size leaves no trace in the error: look into the code of its modules -------------


def _batch_construct(module: nn.Module, root: Path) -> tuple[Place, Construct] | None:
    """The first loop over the batch, or number in its place, in the classes of a network."""
    suspects = [suspect for file, tree in _class_trees(module, root) for suspect in _suspects(file, tree)]
    return suspects[0] if suspects else None


def _class_trees(module: nn.Module, root: Path) -> Iterator[tuple[str, ast.AST]]:
    """Each class of the submission that the network uses, as a syntax tree with the file's line numbers."""
    for kind in dict.fromkeys(type(part) for part in module.modules()):
        try:
            file = relative(inspect.getfile(kind), root)
            lines, start = inspect.getsourcelines(kind)
            tree = ast.parse("".join(["if True:\n", *lines]) if lines[0][:1].isspace() else "".join(lines))
        except (TypeError, OSError, SyntaxError):
            continue
        if file is not None:
            ast.increment_lineno(tree, start - 1 - int(lines[0][:1].isspace()))
            yield file, tree


def _suspects(file: str, tree: ast.AST) -> Iterator[tuple[Place, Construct]]:
    for method in ast.walk(tree):
        if isinstance(method, ast.FunctionDef) and method.name != "__init__":
            names = {argument.arg for argument in method.args.args} - {"self"}
            for node in ast.walk(method):
                construct = _suspect(node, names)
                if construct is not None:
                    yield Place(file, node.lineno, _source(node)), construct  # type: ignore[attr-defined]


def _suspect(node: ast.AST, inputs: set[str]) -> Construct | None:
    if isinstance(node, ast.For | ast.comprehension):
        return _BATCH_LOOP if _over_batch(node.iter, inputs) and isinstance(node, ast.For) else None
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        return _BATCH_LOOP if _over_batch(node.generators[0].iter, inputs) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "squeeze" and not node.args and not node.keywords:
            return _SQUEEZE
        return _BATCH_SHAPE if node.func.attr in ("view", "reshape") and _leads_with_number(node) else None
    return None


def _over_batch(iterated: ast.expr, inputs: set[str]) -> bool:
    """``for row in x``, ``range(x.shape[0])``, ``range(len(x))``, ``range(batch)``, ``enumerate(x)``, ``x.unbind()``."""
    text = ast.unparse(iterated)
    if isinstance(iterated, ast.Name):
        return iterated.id in inputs or not iterated.id.startswith(("layers", "blocks"))
    if re.search(r"\bself\.\w+\(", text):
        return True
    return bool(re.search(r"shape\[0\]|size\(0\)|\blen\(|range\(\s*(n|b|bs|batch\w*)\s*\)|enumerate\(\w+\)|unbind|split|chunk", text))


def _leads_with_number(call: ast.Call) -> bool:
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Tuple | ast.List):
        first = first.elts[0] if first.elts else None
    return isinstance(first, ast.Constant) and isinstance(first.value, int)


def _source(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0][:120]
