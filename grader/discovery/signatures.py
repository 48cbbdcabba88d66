"""The classes and functions of a submission that could be a network, a layer or a block, or make one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from grader.discovery.evaluate import Evaluator
from grader.discovery.records import Definition, Parameter, Unknown
from grader.discovery.scopes import At, Function, Unit, defaults
from grader.discovery.values import UNKNOWN, External, Made, Ref, plain

Kind = Literal["module", "autograd", "function"]
MAX_DEFINITIONS = 400
MAX_DOC = 600
MAX_ANNOTATION_NODES = 40
MAX_BODY_NODES = 1500  # of a function; a layer or a factory is shorter
_MODULES = re.compile(r"torch\.nn(\.modules\.\w+)?\.[A-Z]\w*$|torchvision\.(models|ops)\..*[A-Z]\w*$|.*\bLightningModule$|timm\..*")
_AUTOGRAD = re.compile(r"torch\.autograd(\.function)?\.(\w*Function)$")
# What a function does that is no layer and makes no network: it trains, measures, draws, loads.
_OTHER_WORK = re.compile(
    r"(backward|step|zero_grad|item|argmax|numpy|tolist|(load_)?state_dict|no_grad|savefig|imshow|plot|show|subplots|figure|title|dump|time"
    r"|perf_counter|manual_seed|print|named_parameters|DataLoader|Compose|write|info)$"
)
_BEFORE = frozenset(("manual_seed", "print", "info"))  # what a factory may do, too
_OTHER_NAMES = re.compile(
    r"train|fit|eval|test|run|main|experiment|loss|acc|metric|plot|show|visual|draw|count|measure|save|load|compare|analy|report|init|seed",
    re.I,
)
# The constructors of the layers that students derive from without one of their own: the parameters, with the defaults they have.
_NEEDED = Unknown.MISSING
_CONVOLUTION = {"in_channels": _NEEDED, "out_channels": _NEEDED, "kernel_size": _NEEDED}
_POOL = {"kernel_size": _NEEDED, "stride": None, "padding": 0}
_TORCH: Mapping[str, Mapping[str, Any]] = {
    "Conv2d": {**_CONVOLUTION, "stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True},
    "Conv1d": {**_CONVOLUTION, "stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True},
    "Linear": {"in_features": _NEEDED, "out_features": _NEEDED, "bias": True},
    "MaxPool2d": _POOL,
    "AvgPool2d": _POOL,
    "BatchNorm2d": {"num_features": _NEEDED},
    "PReLU": {"num_parameters": 1, "init": 0.25},
    "LeakyReLU": {"negative_slope": 0.01},
}
_NO_TENSORS = re.compile(r"model|net|module|loader|dataset|optim|criterion|device|path|history|epoch|logger|ax|fig|name|title|layer", re.I)
_NO_LAYERS = re.compile(r"torch\.(optim|utils|cuda|device|tensor|zeros|ones|rand|randn|arange|from_numpy|manual_seed|save|load)\b")


class Signatures:
    """Finds the definitions, for an evaluator."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._kinds: dict[Ref, Kind | None] = {}

    def all(self) -> dict[Ref, Definition]:
        """Every definition by where it is, in order of file and line."""
        found: dict[Ref, Definition] = {}
        for ref, (unit, node) in self._evaluator.definitions.items():
            if len(found) >= MAX_DEFINITIONS:
                break
            kind = self.kind(ref) if isinstance(node, ast.ClassDef) else self._function_kind(unit, node)
            if kind is not None:
                found[ref] = self._definition(ref, node, kind)
        return found

    def kind(self, ref: Ref, depth: int = 0) -> Kind | None:
        """Whether a class is a module or an autograd.Function, by what it derives from, over several files."""
        if ref not in self._kinds:
            self._kinds[ref] = None  # a class that derives from itself
            self._kinds[ref] = next((kind for base in self.bases(ref) if (kind := self._kind_of(base, depth))), None)
        return self._kinds[ref]

    def bases(self, ref: Ref) -> Iterator[Any]:
        """What a class derives from, as far as it is known."""
        unit, node = self._evaluator.definitions[ref]
        for base in node.bases[:8] if isinstance(node, ast.ClassDef) else ():
            yield from self._evaluator.values(base, At(unit))

    def constructor(self, ref: Ref, name: str = "__init__", depth: int = 0) -> tuple[Unit, ast.FunctionDef | ast.AsyncFunctionDef] | None:
        """The method of a class, or the one it inherits."""
        unit, node = self._evaluator.definitions[ref]
        for member in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(member, Function) and member.name == name:
                return unit, member
        inherited = (self.constructor(base, name, depth + 1) for base in self.bases(ref) if isinstance(base, Ref) and depth < 8)
        return next((found for found in inherited if found), None)

    def signature(self, ref: Ref, kind: Kind) -> tuple[Unit, ast.FunctionDef | ast.AsyncFunctionDef] | None:
        """The function whose parameters count."""
        unit, node = self._evaluator.definitions[ref]
        if isinstance(node, Function):
            return unit, node
        return self.constructor(ref, "forward" if kind == "autograd" else "__init__")

    def _kind_of(self, base: Any, depth: int) -> Kind | None:
        if isinstance(base, Ref) and depth < 12 and base in self._evaluator.definitions:
            return self.kind(base, depth + 1)
        name = base.name if isinstance(base, External) else ""
        return "autograd" if _AUTOGRAD.match(name) else "module" if _MODULES.match(name) else None

    def _definition(self, ref: Ref, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, kind: Kind) -> Definition:
        signature = self.signature(ref, kind)
        own = self._parameters(*signature, skips=not isinstance(node, Function)) if signature else self._of_torch(ref)
        bases = tuple(text for base in getattr(node, "bases", []) if (text := short_text(base)))
        return Definition(ref.file, ref.name, node.lineno, kind, tuple(own), (ast.get_docstring(node) or "")[:MAX_DOC], bases)

    def _of_torch(self, ref: Ref, depth: int = 0) -> Iterator[Parameter]:
        """The parameters of the torch layer that a class without a constructor derives from."""
        base = next(self.bases(ref), None)
        if isinstance(base, Ref) and depth < 8 and base in self._evaluator.definitions:
            yield from self._of_torch(base, depth + 1)
        elif isinstance(base, External) and _MODULES.match(base.name):
            for name, default in _TORCH.get(base.name.rpartition(".")[2], {}).items():
                yield Parameter(name, "positional", default)

    def _parameters(self, unit: Unit, function: ast.FunctionDef | ast.AsyncFunctionDef, *, skips: bool) -> Iterator[Parameter]:
        """The parameters, without self or ctx where it has one."""
        arguments = function.args
        named = {each.arg for each in arguments.kwonlyargs}
        for number, (argument, default) in enumerate(defaults(arguments)):
            if skips and number == 0:
                continue
            value: Any = Unknown.MISSING
            if default is not None:
                value = plain(self._evaluator.value(default, At(unit)))
                value = Unknown.NOT_LITERAL if value is UNKNOWN else value
            annotation = short_text(argument.annotation) if argument.annotation else ""
            yield Parameter(argument.arg, "keyword" if argument.arg in named else "positional", value, annotation)
        for several in (arguments.vararg, arguments.kwarg):
            if several:
                yield Parameter(several.arg, "variadic")

    def _function_kind(self, unit: Unit, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Kind | None:
        """Whether a top-level function may make a network or be a layer."""
        if not isinstance(unit.scope(function), ast.Module) or isinstance(function, ast.AsyncFunctionDef):
            return None
        body = list(islice(ast.walk(function), MAX_BODY_NODES + 1))
        called = {str(getattr(each.func, "attr", getattr(each.func, "id", ""))) for each in body if isinstance(each, ast.Call)}
        if len(body) > MAX_BODY_NODES or any(map(_OTHER_WORK.match, called - _BEFORE)) or _OTHER_NAMES.search(function.name):
            return None
        results = self._evaluator.returns.get(function, [])
        if any(self._makes_module(value) for result in results for value in self._evaluator.values(result, At(unit))):
            return "function"
        if called & _BEFORE:
            return None
        return "function" if results and self._is_layer(unit, function, body) else None

    def _makes_module(self, value: Any) -> bool:
        by = value.by if isinstance(value, Made) else None
        return (isinstance(by, Ref) and self.kind(by) == "module") or (isinstance(by, External) and bool(_MODULES.match(by.name)))

    def _is_layer(self, unit: Unit, function: ast.FunctionDef, body: list[ast.AST]) -> bool:
        """Whether a function computes with torch on its first argument."""
        required = [argument.arg for argument, default in defaults(function.args) if default is None]
        if not required or any(_NO_TENSORS.search(name) for name in required):
            return False
        if any(isinstance(each, ast.Constant | ast.Tuple | ast.Dict | ast.List) for each in self._evaluator.returns[function]):
            return False
        calls = [each for each in body if isinstance(each, ast.Call)]
        return any(self._is_tensor_work(value) for call in calls[:40] for value in self._evaluator.values(call.func, At(unit)))

    def _is_tensor_work(self, value: Any) -> bool:
        if isinstance(value, Ref):
            return self.kind(value) == "autograd" if value in self._evaluator.definitions else False
        return isinstance(value, External) and value.name.startswith("torch.") and not _NO_LAYERS.match(value.name)


def short_text(node: ast.expr) -> str:
    """An annotation or base class as it is written; nothing where it is long."""
    is_short = len(list(islice(ast.walk(node), MAX_ANNOTATION_NODES + 1))) <= MAX_ANNOTATION_NODES
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ast.unparse(node) if is_short else ""
