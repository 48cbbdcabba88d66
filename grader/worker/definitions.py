"""Run what a file of the student's defines, and leave out what it does besides.

Each import, class, function and constant is run on its own, so that one that fails takes no other with it. What trains,
downloads, plots or reads files is not run at all, but that a class needs its result.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from .borrowing import Borrowing, Resolve
from .faults import sentence
from .lifting import Definition, globals_of
from .quiet import Quiet, dotted, is_main_guard
from .recovery import Recovered, first_line
from .recovery import blocks as blocks

_MAX_NOTES = 8
_MAX_WORDS = 200
_WORKS = ("train", "fit", "run", "eval", "test", "download", "load", "main", "experiment", "show", "plot", "save", "open", "input")
_Assignment = ast.Assign | ast.AugAssign | ast.AnnAssign


@dataclass
class Outcome:
    """What became of a file's statements."""

    defined: int = 0
    left_out: list[tuple[int, int]] = field(default_factory=list)  # first and last lines
    failed: list[str] = field(default_factory=list)
    errors: dict[str, BaseException] = field(default_factory=dict)  # of definitions, by name

    def notes(self) -> list[str]:
        """The same in words."""
        ranges = [f"{first}" if first == last else f"{first}-{last}" for first, last in _joined(self.left_out)]
        more = f" and {len(ranges) - _MAX_NOTES} more places" if len(ranges) > _MAX_NOTES else ""
        text = f"left out, because it does more than define: line {', '.join(ranges[:_MAX_NOTES])}{more}"
        return ([text] if ranges else []) + self.failed[:_MAX_NOTES]


class Definitions:
    """The statements of one file, run one by one in its module."""

    def __init__(self, module: ModuleType, file: Path, found: Recovered, quiet: Quiet, resolve: Resolve, root: Path) -> None:
        self._module, self._file, self._found, self._quiet, self._root = module, file, found, quiet, root
        self._names = vars(module)
        self._borrowing = Borrowing(self._names, self._execute, resolve)
        self._needed: set[str] | None = None
        self._is_guarded = False
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """All of the file. Where a class is defined anew, as in notebooks, what stands before goes on seeing the class before."""
        self.outcome.failed += [f"line {line} cannot be read as Python: {why}" for line, why in self._found.skipped]
        *earlier, last = _eras(self._found.statements)
        past: list[dict[str, Any]] = []
        for era in earlier:
            past.append(dict(self._names))
            self._see(past[-1])
            self._run_all(era)
        vars(self._module).update(self._names)
        self._see(vars(self._module))
        self._run_all(last)
        for names in past:  # what is defined later on is seen as well
            names.update({name: value for name, value in self._names.items() if name not in names})
        self.run_guarded()
        return self.outcome

    def run_guarded(self) -> None:
        """What is defined under the main guard; that the rest of it is left out is as it should be."""
        self._is_guarded = True
        for statement in self._found.statements:
            if isinstance(statement, ast.If) and is_main_guard(statement):
                self._run_all(statement.body)
        self._is_guarded = False

    def notes(self) -> list[str]:
        """Stand-ins, what was left out, and what failed."""
        return [*self._borrowing.notes(), *self.outcome.notes()]

    def compiled(self, statement: ast.stmt) -> CodeType:
        """The code of a statement, with annotations unevaluated: they may name what is not there."""
        tree = ast.fix_missing_locations(ast.Module([statement], []))
        code: CodeType = compile(tree, str(self._file), "exec", flags=annotations.compiler_flag, dont_inherit=True)
        return code

    def _see(self, names: dict[str, Any]) -> None:
        self._names = self._borrowing.names = names

    def _execute(self, statement: ast.stmt) -> BaseException | None:
        """The error, where there is one."""
        try:
            exec(self.compiled(statement), self._names)
        except BaseException as error:
            return error
        return None

    def _run_all(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self._run(statement)

    def _run(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Import() | ast.ImportFrom():
                for failure in self._borrowing.take(statement):
                    self._note_failure(statement, "this import fails", failure)
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(statement)
            case ast.Assign() | ast.AugAssign() | ast.AnnAssign():
                self._assign(statement)
            case ast.Expr():
                self._express(statement)
            case ast.If() if is_main_guard(statement):
                pass
            case ast.If() | ast.Try():
                self._branch(statement)
            case ast.With() | ast.For() | ast.While():
                self._leave_out(statement)
                self._run_all(each for each in statement.body if isinstance(each, Definition | ast.Import | ast.ImportFrom))
            case ast.Pass() | ast.Global() | ast.Delete() | ast.Assert():
                pass
            case _:
                self._leave_out(statement)

    def _define(self, statement: Definition) -> None:
        error = self._execute(statement)
        if error is None:
            self.outcome.defined += 1
            self.outcome.errors.pop(statement.name, None)
        else:
            self.outcome.errors[statement.name] = error
            self._note_failure(statement, f"{statement.name} cannot be defined", error)

    def _assign(self, statement: _Assignment) -> None:
        if not self._quiet.is_quiet(statement) and not self._is_needed(statement):
            self._leave_out(statement)
        elif (error := self._execute(statement)) is not None:
            self._note_failure(statement, "the value cannot be had", error)

    def _express(self, statement: ast.Expr) -> None:
        if isinstance(statement.value, ast.Constant):
            if statement is self._found.statements[0] and isinstance(statement.value.value, str):
                self._module.__doc__ = statement.value.value
        elif not self._quiet.is_quiet(statement):
            self._leave_out(statement)
        elif isinstance(statement.value, ast.Call) and dotted(statement.value.func) != "print":
            self._execute(statement)  # a setting: nobody misses one that fails

    def _branch(self, statement: ast.If | ast.Try) -> None:
        """As it stands where it is harmless and works; else what is defined in it."""
        if self._quiet.is_quiet(statement) and self._execute(statement) is None:
            self.outcome.defined += sum(isinstance(each, Definition) for each in ast.walk(statement))
            return
        self._run_all(statement.body)
        self._run_all(each for each in statement.orelse if not (isinstance(each, Definition) and each.name in self._names))

    def _leave_out(self, statement: ast.stmt) -> None:
        if not self._is_guarded:
            self.outcome.left_out.append((first_line(statement), statement.end_lineno or statement.lineno))

    def _note_failure(self, statement: ast.stmt, what: str, error: BaseException) -> None:
        if not self._is_guarded:
            self.outcome.failed.append(f"line {first_line(statement)}: {what} ({sentence(error, self._root)[:_MAX_WORDS]})")

    def _is_needed(self, statement: _Assignment) -> bool:
        """Whether a class uses what is assigned, and having it is no work that a grader would wait for."""
        if self._needed is None:
            nodes = (node for each in self._found.statements for node in ast.walk(each))
            self._needed = set().union(*(globals_of(each) for each in nodes if isinstance(each, ast.ClassDef)))
        targets = {each.id for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
        calls = [each for each in ast.walk(statement) if isinstance(each, ast.Call)]
        return bool(targets & self._needed) and not any(map(_is_work, calls))


def _eras(statements: Sequence[ast.stmt]) -> list[list[ast.stmt]]:
    """The statements, cut before each class that is defined a second time since the last cut."""
    eras: list[list[ast.stmt]] = [[]]
    classes: set[str] = set()
    for statement in statements:
        if isinstance(statement, ast.ClassDef):
            if statement.name in classes:
                eras.append([])
                classes = set()
            classes.add(statement.name)
        eras[-1].append(statement)
    return eras


def _is_work(call: ast.Call) -> bool:
    last = dotted(call.func).rpartition(".")[2].lower()
    return last.startswith(_WORKS) or any(keyword.arg in ("download", "pretrained", "weights") for keyword in call.keywords)


def _joined(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """In order, without overlaps; what is only a line or two apart is one."""
    begin, end = 0, -10
    for first, last in sorted(ranges):
        if first > end + 3:
            if begin:
                yield begin, end
            begin, end = first, last
        end = max(end, last)
    if begin:
        yield begin, end
