"""Short ways to read a piece of code and to ask for the builds of what it defines."""

from __future__ import annotations

from pathlib import Path

from grader.discovery.arguments import builds
from grader.discovery.records import Build
from grader.discovery.survey import Reading, read
from grader.submission import open_submission
from tests.folders import write

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\nfrom typing import Literal\n"


def reading(root: Path, code: str) -> Reading:
    return read(open_submission(write(root, {"work.py": HEAD + code})))


def tried(root: Path, code: str, name: str = "Net") -> list[Build]:
    found = reading(root, code)
    definition = next(each for each in found.survey.definitions if each.name == name)
    return list(builds(definition, found))


def module(parameters: str, body: str = "", name: str = "Net") -> str:
    """A class that derives from nn.Module."""
    lines = "".join(f"        {line}\n" for line in ["super().__init__()", *body.splitlines()])
    signature = f"self, {parameters}" if parameters else "self"
    return f"class {name}(nn.Module):\n    def __init__({signature}):\n{lines}    def forward(self, x): return x\n"
