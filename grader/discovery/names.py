"""What a name or an attribute stands for: an assignment, an import, a parameter, a class, a function."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from grader.discovery import operations
from grader.discovery.imports import original
from grader.discovery.reaching import reaching
from grader.discovery.scopes import At, Binding, Unit
from grader.discovery.values import NOTHING, Config, External, Made, ModuleOf, Ref, Values, distinct

if TYPE_CHECKING:
    from grader.discovery.evaluate import Evaluator

MAX_ACTIVE = 24  # names that are being looked up, each for the sake of the one before


class Names:
    """Looks names up for an evaluator."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._active: set[tuple[Any, ...]] = set()
        self._known: dict[tuple[Binding, str], Values] = {}

    def seen(self, node: ast.Name, at: At) -> Values:
        """What a name is where it is used."""
        if node.id in at.pins:
            return (at.pins[node.id],)
        own = at.unit.scope(node)
        for scope in at.unit.scopes(node):
            bindings = at.unit.bindings.get((scope, node.id))
            if bindings:
                here = at if scope is own else At(at.unit)
                use = node if scope is own else None
                return self._bound(here, node.id, reaching(bindings, here, scope, use, self._evaluator.enclosing))
        found = self._starred(at.unit, node.id)
        return (External(f"builtins.{node.id}"),) if found == NOTHING and node.id in operations.NAMES else found

    def of_file(self, unit: Unit, name: str) -> Values:
        """What a name is at the end of a file."""
        bindings = unit.bindings.get((unit.tree, name))
        if not bindings:
            return self._starred(unit, name)
        return self._bound(At(unit), name, reaching(bindings, At(unit), unit.tree, None, self._evaluator.enclosing))

    def member(self, value: Any, name: str) -> Values:
        """An attribute of a package, a file, a class or what a class makes."""
        if isinstance(value, External):
            return (External(f"{value.name}.{name}"),)
        if isinstance(value, ModuleOf):
            return self._once((value, name), lambda: self._of_module(value.file, name))
        if isinstance(value, Config):
            if name in value.fields:
                return (value.fields[name],)
            value = value.by
        elif isinstance(value, Made):
            value = value.by
        elif isinstance(value, Ref) and name == "__name__":
            return (value.name.rpartition(".")[2],)
        elif isinstance(value, Ref) and name == "apply":
            return (value,)  # of an autograd.Function
        definition = self._evaluator.definitions.get(value) if isinstance(value, Ref) else None
        if definition is None or not isinstance(definition[1], ast.ClassDef):
            return NOTHING
        return self._once((value, name), partial(self.of_class, At(definition[0]), definition[1], name))

    def of_class(self, at: At, node: ast.ClassDef, name: str) -> Values:
        """An attribute of a class or of its instances: `name = ...`, `self.name = ...`, a method; or an inherited one."""
        bindings = [each for key in (name, f"self.{name}") for each in at.unit.bindings.get((node, key), ())]
        if bindings:
            return self._bound(at, f"self.{name}", bindings)
        bases = chain.from_iterable(self._evaluator.values(base, At(at.unit)) for base in node.bases[:4])
        inherited = (self.member(base, name) for base in bases if isinstance(base, Ref))
        return next((found for found in inherited if found != NOTHING), NOTHING)

    def _of_module(self, file: str, name: str) -> Values:
        unit = self._evaluator.units.get(file)
        found = self.of_file(unit, name) if unit else NOTHING
        inner = self._evaluator.files.inside(file.removesuffix("__init__.py"), name) if found == NOTHING else None
        return (ModuleOf(inner),) if inner else found

    def _bound(self, at: At, name: str, bindings: Iterable[Binding]) -> Values:
        return distinct(chain.from_iterable(self._remembered(at, name, binding) for binding in bindings))

    def _remembered(self, at: At, name: str, binding: Binding) -> Values:
        """What a binding gives: once for all where nothing is pinned and no caller is being looked at."""
        key = (binding, name)
        if at.pins or self._evaluator.enclosing.is_looking:
            return self._once(key, partial(self._binding, at, name, binding))
        if key not in self._known:
            self._known[key] = self._once(key, partial(self._binding, at, name, binding))
        return self._known[key]

    def _binding(self, at: At, name: str, binding: Binding) -> Values:
        node = binding.node
        if isinstance(node, ast.Import | ast.ImportFrom):
            return self._imported(at.unit, node, name)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            return (Ref(at.unit.path, at.unit.qualified(node)),)
        if isinstance(node, ast.arg):
            return self._evaluator.enclosing.parameter(at, node, binding.value)
        return self._assigned(at, binding)

    def _assigned(self, at: At, binding: Binding) -> Values:
        if binding.value is None:
            return NOTHING
        found: Iterable[Any] = self._evaluator.values(binding.value, at)
        if binding.is_element:
            found = chain.from_iterable(operations.elements(value) for value in found)
        return distinct(followed(value, binding.path) for value in found)

    def _imported(self, unit: Unit, node: ast.Import | ast.ImportFrom, name: str) -> Values:
        dotted, is_module = original(node, name)
        files = self._evaluator.files
        if isinstance(node, ast.Import) or is_module:
            file = files.find(dotted, unit.path)
            return (ModuleOf(file) if file else External(dotted),)
        file = files.find(node.module or "", unit.path, node.level)
        if file is None and not node.level:
            return (External(f"{node.module}.{dotted}"),)
        return self.member(ModuleOf(file), dotted) if file else NOTHING

    def _starred(self, unit: Unit, name: str) -> Values:
        for node in unit.stars[:16]:
            file = self._evaluator.files.find(node.module or "", unit.path, node.level)
            other = self._evaluator.units.get(file) if file else None
            found = self._once((other.path, name), partial(self.of_file, other, name)) if other else NOTHING
            if file is None and (node.module or "").startswith("torch") and name not in operations.NAMES:
                found = (External(f"{node.module}.{name}"),)
            if found != NOTHING:
                return found
        return NOTHING

    def _once(self, key: tuple[Any, ...], work: Callable[[], Values]) -> Values:
        """What some work gives, unless it is being done already."""
        if key in self._active or len(self._active) >= MAX_ACTIVE:
            return NOTHING
        self._active.add(key)
        try:
            return work()
        finally:
            self._active.discard(key)


def followed(value: Any, path: tuple[int, ...]) -> Any:
    """The part of a value that a target at this path gets."""
    for place in path:
        value = operations.chosen(value, place)[0] if isinstance(value, list | str) else NOTHING[0]
    return value
