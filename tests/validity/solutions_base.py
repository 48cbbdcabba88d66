"""What a right solution of another taste is, and how it becomes a submission."""

from __future__ import annotations

import ast
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomli_w
from torch import nn

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
OWN_FILE, LAYERS_FILE = "models/own_models.py", "models/custom_layers.py"
HEADER = "import math\n\nimport torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n"
CONTRACT = {
    "custom_conv": "CustomConv2d", "attention": "ChannelAttention", "activation": "CustomActivation", "pooling": "CustomPool2d",
    "basic_block": "BasicBlock", "bottleneck_block": "BottleneckBlock", "wide_block": "WideBlock",
}  # fmt: skip


@dataclass(frozen=True)
class Solution:
    """Code as a student writes it, and what of it fills which role: ``Name`` or ``Name(argument=value)``.

    Networks stand in a file of their own, and a ``submission.toml`` names them; layers and blocks keep the names and
    the arguments of the starter's contract, since they are built in several variants. The rest stays the reference's.
    """

    id: str
    family: str
    code: str
    roles: dict[str, str]
    criteria: tuple[str, ...]

    @property
    def source(self) -> str:
        """The whole file."""
        return HEADER + self.code.strip("\n") + "\n"

    @property
    def by_contract(self) -> bool:
        """Whether names and arguments are the starter's."""
        return self.family in ("layers", "blocks")

    def place(self, folder: Path) -> Path:
        """A submission with this solution in it, in a new folder."""
        root = folder / "homework"
        shutil.copytree(REFERENCE / "models", root / "models", ignore=shutil.ignore_patterns("__pycache__"))
        if self.by_contract:
            assert all(CONTRACT[role] == spec for role, spec in self.roles.items())
            layers = root / LAYERS_FILE
            layers.write_text(layers.read_text() + "\n\n" + self.source)
            return root
        (root / OWN_FILE).write_text(self.source)
        called = {role: call(spec) for role, spec in self.roles.items()}
        roles = {role: {"candidate": f"{OWN_FILE}:{name}", "arguments": arguments} for role, (name, arguments) in called.items()}
        (root / "submission.toml").write_text(tomli_w.dumps({"roles": roles}))
        return root

    def build(self, role: str, **arguments: Any) -> nn.Module:
        """What fills a role, built in this process: the code is our own."""
        scope: dict[str, Any] = {}
        exec(compile(self.source, self.id, "exec"), scope)
        name, stated = call(self.roles[role])
        network: nn.Module = scope[name](**stated, **arguments)
        return network


def call(spec: str) -> tuple[str, dict[str, Any]]:
    """``Name(a=1)`` -> its name and its arguments."""
    tree = ast.parse(spec, mode="eval").body
    if isinstance(tree, ast.Call):
        assert not tree.args
        return ast.unparse(tree.func), {str(each.arg): ast.literal_eval(each.value) for each in tree.keywords}
    return ast.unparse(tree), {}


def numbered(family: str, solutions: dict[str, Solution]) -> tuple[Solution, ...]:
    """The solutions of a family under their ids."""
    return tuple(replace(each, id=f"{family}/{name}", family=family) for name, each in solutions.items())
