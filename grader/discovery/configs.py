"""Settings that a student keeps in a class of their own: dataclasses and named tuples, read with their defaults."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from grader.discovery.enclosing import Given
from grader.discovery.scopes import At
from grader.discovery.values import UNKNOWN, Config, External, Ref, Values, kept

if TYPE_CHECKING:
    from grader.discovery.evaluate import Evaluator

MAX_FIELDS = 64
_DECORATORS = frozenset(("dataclasses.dataclass", "attr.s", "attr.define", "attrs.define"))
_BASES = frozenset(("typing.NamedTuple",))
FUNCTIONS = frozenset(("dataclasses.replace", "dataclasses.asdict", "copy.copy", "copy.deepcopy"))


class Configs:
    """Reads them for an evaluator."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._fields: dict[Ref, dict[str, Any] | None] = {}

    def made(self, ref: Ref, call: ast.Call, at: At) -> Values:
        """What calling a class gives, one for each combination of what it is given; nothing where it is no class of settings."""
        fields = self._of(ref)
        if fields is None:
            return ()
        rows = self._evaluator.enclosing.bound(Given(call.args, call.keywords), list(fields), at)
        return tuple(kept(Config(ref, {**fields, **row})) for row in rows)

    def changed(self, function: str, value: Any, named: Mapping[str, Any]) -> Any:
        """What `dataclasses.replace`, `asdict` or a copy gives."""
        if not isinstance(value, Config):
            return value if function.startswith("copy.") else UNKNOWN
        if function == "dataclasses.asdict":
            return dict(value.fields)
        return Config(value.by, {**value.fields, **named}) if function == "dataclasses.replace" else value

    def _of(self, ref: Ref) -> dict[str, Any] | None:
        """The fields of a class with their defaults, UNKNOWN where there is none that can be read."""
        if ref not in self._fields:
            self._fields[ref] = None  # a class that derives from itself
            self._fields[ref] = self._read(ref)
        return self._fields[ref]

    def _read(self, ref: Ref) -> dict[str, Any] | None:
        unit, node = self._evaluator.definitions[ref]
        if not isinstance(node, ast.ClassDef) or not self._holds_settings(node, At(unit)):
            return None
        bases = [base for each in node.bases[:4] for base in self._evaluator.values(each, At(unit)) if isinstance(base, Ref)]
        inherited = {name: value for base in reversed(bases) for name, value in (self._of(base) or {}).items()}
        return {**inherited, **dict(self._own(node, At(unit)))}

    def _holds_settings(self, node: ast.ClassDef, at: At) -> bool:
        decorators = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
        named = [value for each in (*decorators, *node.bases) for value in self._evaluator.values(each, at)]
        return any(isinstance(value, External) and value.name in _DECORATORS | _BASES for value in named)

    def _own(self, node: ast.ClassDef, at: At) -> Iterator[tuple[str, Any]]:
        for statement in node.body[:MAX_FIELDS]:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and _is_given(statement):
                yield statement.target.id, self._evaluator.value(statement.value, at) if statement.value else UNKNOWN


def _is_given(field: ast.AnnAssign) -> bool:
    """Whether the constructor takes it: no class variable, no ``field(init=False)``."""
    keywords = field.value.keywords if isinstance(field.value, ast.Call) else []
    is_made_later = any(each.arg == "init" and isinstance(each.value, ast.Constant) and each.value.value is False for each in keywords)
    return not is_made_later and "ClassVar" not in ast.unparse(field.annotation)
