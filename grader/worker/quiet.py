"""Whether a statement only defines, or does something: trains, downloads, plots, reads files. Decided by reading.

A list of what is known to be harmless: whatever else is called makes a file one that does more than define.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

_BUILTIN_WORDS = """
    abs all any bool bytearray bytes callable chr complex dict divmod enumerate filter float format frozenset getattr hasattr hash
    id int isinstance issubclass iter len list map max min next object ord pow print property range repr reversed round set slice
    sorted str sum super tuple type vars zip
"""
_METHOD_WORDS = """
    absolute add add_argument addHandler append as_posix astype bool capitalize clear copy count cpu device_count double endswith
    eval exists expanduser extend float format get half index info insert is_available is_dir is_file items join joinpath keys lower
    lstrip manual_seed mkdir now numel parents parse_args parse_known_args pop relative_to removeHandler replace requires_grad_
    reshape resolve rstrip seed setdefault setFormatter setLevel size split startswith strftime strip sum title to tolist union
    update upper values view with_name with_suffix zfill
"""
_BUILTINS, _METHODS = frozenset(_BUILTIN_WORDS.split()), frozenset(_METHOD_WORDS.split())
_PACKAGES = (
    "torch", "torchvision.transforms", "numpy", "math", "cmath", "pathlib", "os.path", "os.getenv", "os.environ", "os.getcwd",
    "os.cpu_count", "os.makedirs", "os.mkdir", "os.chdir", "collections", "functools", "itertools", "typing", "typing_extensions",
    "dataclasses", "enum", "logging", "datetime", "time.time", "time.perf_counter", "time.strftime", "random", "re", "string",
    "types", "operator", "abc", "copy", "contextlib", "warnings", "platform", "argparse.ArgumentParser", "decimal", "fractions",
    "json.dumps", "json.loads", "textwrap", "struct", "sys.stdout", "sys.stderr", "sys.path", "sys.setrecursionlimit", "gc",
    "matplotlib.use", "matplotlib.rc", "matplotlib.rcParams", "matplotlib.pyplot.style", "matplotlib.pyplot.rcParams",
    "matplotlib.pyplot.rc", "matplotlib.pyplot.ioff", "matplotlib.pyplot.ion", "matplotlib.pyplot.switch_backend",
    "matplotlib.pyplot.set_loglevel", "seaborn.set", "seaborn.set_theme", "seaborn.set_style", "seaborn.set_palette",
    "seaborn.set_context",
)  # fmt: skip
_NOT_OF_THEM = (
    "torch.load", "torch.save", "torch.hub", "torch.utils", "torch.distributed", "torch.multiprocessing", "torch.optim", "torch.export",
    "torch.onnx", "torch.jit", "torch.autograd.backward", "torch.autograd.grad", "numpy.load", "numpy.save", "numpy.savez",
    "numpy.loadtxt", "numpy.savetxt", "numpy.genfromtxt", "numpy.fromfile", "logging.FileHandler", "logging.config",
)  # fmt: skip
_METHODS_OF_IMPORTED = frozenset(("info", "debug", "setLevel", "addHandler", "append", "update"))
_SEEDING = re.compile(r"(?:\w*_)?seed(?:_\w*)?$|set_determinis\w*$", re.IGNORECASE)
_SETTING = re.compile(
    r"device|logg|config|settings|options|transform|path|_dir|folder|root|args|parser|console|colou?r|palette|style|font", re.IGNORECASE
)
_DOERS = ("Dataset", "Loader", "Trainer", "Experiment", "Runner")
_DOING = {"open", "download", "backward", "step", "fit", "urlopen", "urlretrieve"}
_MAIN = "__main__"


class Quiet:
    """What is harmless in one file: it knows the file's own names for things of packages, and its classes.

    To make an object of a class of the submission counts as harmless, and so does a function of the file that calls nothing
    but what is harmless. A function from another file is judged by its name.
    """

    def __init__(self, statements: Sequence[ast.stmt], is_own: Callable[[str], bool] = lambda _: False) -> None:
        self._is_own = is_own  # whether a module is a file of the submission
        self._origins = dict(_origins(statements))
        nodes = [each for statement in statements for each in ast.walk(statement)]
        self._functions = {each.name: each for each in nodes if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
        self._judged: dict[str, bool] = {}
        self._classes = {each.name: each for each in nodes if isinstance(each, ast.ClassDef)}

    def is_quiet(self, statement: ast.stmt) -> bool:
        """Whether a statement of a module only defines."""
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Global() | ast.Delete():
                return True
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return True
            case ast.Expr() | ast.Assert() | ast.Assign() | ast.AugAssign() | ast.AnnAssign():
                return self.is_quiet_expression(statement)
            case ast.If() if is_main_guard(statement):
                return True
            case ast.If():
                return self.is_quiet_expression(statement.test) and self._are_quiet([*statement.body, *statement.orelse])
            case ast.Try():
                handled = [each for handler in statement.handlers for each in handler.body if not isinstance(each, ast.Raise)]
                return self._are_quiet([*statement.body, *handled, *statement.orelse, *statement.finalbody])
        return False

    def is_quiet_expression(self, node: ast.AST) -> bool:
        """Whether nothing is called in it but what is known to be harmless; a lambda's body is not run."""
        return all(self._is_harmless(each) for each in _run_nodes(node))

    def _are_quiet(self, statements: Iterable[ast.stmt]) -> bool:
        return all(self.is_quiet(each) for each in statements)

    def _is_harmless(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom):
            return False
        return not isinstance(node, ast.Call) or self._is_harmless_call(node.func)

    def _is_harmless_call(self, function: ast.expr) -> bool:
        path = dotted(function)
        if not path:
            return isinstance(function, ast.Attribute) and function.attr in _METHODS
        head, _, rest = path.partition(".")
        if _SEEDING.match(path.rpartition(".")[2]):
            return True
        if head in self._origins:
            full = f"{self._origins[head]}.{rest}" if rest else self._origins[head]
            if _is_below(full, _PACKAGES):
                return not _is_below(full, _NOT_OF_THEM)
            last = path.rpartition(".")[2]
            is_class = last[:1].isupper() and not last.endswith(_DOERS)
            if self._is_own(full.split(".")[0]) and (is_class or _SETTING.search(last)):
                return True
            return bool(rest) and last in _METHODS_OF_IMPORTED
        if not rest:
            return path in _BUILTINS or self._is_harmless_class(path) or self._is_harmless_function(path)
        return rest.rpartition(".")[2] in _METHODS

    def _is_harmless_class(self, name: str) -> bool:
        """Whether a class of the file neither reads, downloads nor trains."""
        found = self._classes.get(name)
        if found is None or name.endswith(_DOERS):
            return False
        calls = [each for each in ast.walk(found) if isinstance(each, ast.Call)]
        named = {dotted(call.func).rpartition(".")[2] for call in calls} | {each.arg for call in calls for each in call.keywords}
        return not named & _DOING

    def _is_harmless_function(self, name: str) -> bool:
        """Whether a function of the file, and what it calls there, only calculates. One that calls itself does not count."""
        function = self._functions.get(name)
        if name not in self._judged and function is not None:
            self._judged[name] = False
            nodes = [node for each in function.body for node in ast.walk(each)]
            has_loop = any(isinstance(node, ast.While | ast.AsyncFor) for node in nodes)
            self._judged[name] = not has_loop and all(map(self._is_harmless, nodes))
        return self._judged.get(name, False)


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of names and attributes; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def is_main_guard(statement: ast.stmt) -> bool:
    """``if __name__ == "__main__":`` in any form."""
    if not isinstance(statement, ast.If):
        return False
    nodes = list(ast.walk(statement.test))
    return any(isinstance(each, ast.Name) and each.id == "__name__" for each in nodes) and any(
        isinstance(each, ast.Constant) and each.value == _MAIN for each in nodes
    )


def _origins(statements: Sequence[ast.stmt]) -> Iterator[tuple[str, str]]:
    """The file's own names for modules and their contents, with their full names."""
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0],) * 2
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield alias.asname or alias.name, f"{node.module or ''}.{alias.name}"


def _run_nodes(node: ast.AST) -> Iterator[ast.AST]:
    pending = [node]
    while pending:
        each = pending.pop()
        if not isinstance(each, ast.Lambda):
            yield each
            pending.extend(ast.iter_child_nodes(each))


def _is_below(name: str, prefixes: Iterable[str]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)
