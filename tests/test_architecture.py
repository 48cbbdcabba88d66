"""The structure that docs/architecture.md draws, held against the code: who may import whom, and no circles."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A module may import from its own floor's package and from any floor further down this list.
FLOORS = (
    ("cli",),
    ("commands",),
    ("batch",),
    ("executors", "calibration"),
    ("session",),
    ("examiner",),
    ("provenance",),
    ("finding",),
    ("gathering", "plan", "scoring"),
    ("trainers", "asking", "variants"),
    ("cache",),
    ("discovery",),
    ("checks", "sandbox", "datasets"),
    ("training",),
    ("network", "measures", "device"),
    ("gradebook", "similarity"),
    ("cohort",),
    ("rubric", "submission"),
    ("records",),
    ("worker",),
    ("files", "errors"),
)
LEVEL = {name: level for level, names in enumerate(FLOORS) for name in names}
SEES_ONLY = {
    "report": {"records", "errors", "cohort", "files"},
    "gradebook": {"records", "errors", "cohort", "files"},
    "worker": {"worker"},
    "schemas": {"rubric", "files", "report"},
}


def rooms_imported(path: Path, room: str) -> set[str]:
    """The rooms of grader/ that a file imports, imports inside functions included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module and node.module.split(".")[0] == "grader":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("grader.")}
    return found - {room, "__version__"}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "grader").parts[0].removesuffix(".py")


FILES = sorted((ROOT / "grader").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return
    imported = rooms_imported(path, room)
    if room in SEES_ONLY:
        assert imported <= SEES_ONLY[room]
        return
    for other in imported - {"report"}:
        assert LEVEL[other] > LEVEL[room] or {room, other} <= {"plan", "gathering"}, f"{room} may not import {other}"
    assert "report" not in imported or room in {"cli", "commands", "batch", "executors", "similarity"}


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(path) for path in FILES} - {"__init__", "report", "schemas"}
    assert rooms == set(LEVEL)


def test_worker_needs_nothing_of_the_grader() -> None:
    allowed = {"torch", "safetensors", "worker"}
    import sys

    for path in (ROOT / "grader" / "worker").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                assert top in allowed or top in sys.stdlib_module_names, f"{path.name} imports {name}"


@pytest.mark.parametrize("folder", ["reference", "homework"])
def test_submissions_do_not_know_the_grader(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            assert not any(name.split(".")[0] == "grader" for name in modules), path
