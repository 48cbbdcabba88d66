"""What reading the code finds: the classes and functions that could be a network, a layer or a block, or make one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grader.discovery.records import Definition, Survey, Unknown
from grader.discovery.survey import survey
from grader.submission import open_submission
from tests.folders import write


def surveyed(root: Path, files: dict[str, Any] | str) -> Survey:
    return survey(open_submission(write(root, files if isinstance(files, dict) else {"work.py": files})))


def definitions(root: Path, files: dict[str, Any] | str) -> dict[str, Definition]:
    return {each.name: each for each in surveyed(root, files).definitions}


@pytest.mark.parametrize(
    ("code", "kinds"),
    {
        "imported in every way": (
            "import torch.nn\nfrom torch import nn as layers\nfrom torch.nn import Module as M\nimport torch as t\n"
            "class A(torch.nn.Module): ...\nclass B(layers.Module): ...\nclass C(M): ...\nclass D(t.nn.Sequential): ...\n"
            "class E(object): ...\nclass F(dict): ...",
            {"A": "module", "B": "module", "C": "module", "D": "module"},
        ),
        "derived": (
            "from torch import nn\nclass A(nn.Module): ...\nBase = A\nclass B(Base): ...\nclass C(B): ...",
            {"A": "module", "B": "module", "C": "module"},
        ),
        "of itself": ("class A(A): ...\nclass B(C): ...\nclass C(B): ...", {}),
        "autograd": (
            "import torch\nfrom torch.autograd import Function\nclass A(Function): ...\nclass B(torch.autograd.Function): ...",
            {"A": "autograd", "B": "autograd"},
        ),
        "in blocks": (
            "from torch import nn\nif True:\n    class A(nn.Module): ...\ntry:\n    class B(nn.Module): ...\nexcept Exception: pass\n"
            "if __name__ == '__main__':\n    class C(nn.Module): ...",
            {"A": "module", "B": "module", "C": "module"},
        ),
        "inside": (
            "from torch import nn\ndef make():\n    class A(nn.Module): ...\n    return A()\nclass Outer:\n    class B(nn.Module): ...",
            {"make": "function", "make.A": "module", "Outer.B": "module"},
        ),
        "star import": ("from torch.nn import *\nclass A(Module): ...", {"A": "module"}),
        "lightning": ("import pytorch_lightning as pl\nclass A(pl.LightningModule): ...", {"A": "module"}),
        "factories": (
            "from torch import nn\ndef mlp(width): return nn.Sequential(nn.Linear(width, 10))\n"
            "class N(nn.Module): ...\ndef make(kind):\n    model = N()\n    return model.to('cpu')\n"
            "def pick(kind): return {'a': N}[kind]()",
            {"mlp": "function", "N": "module", "make": "function", "pick": "function"},
        ),
        "layers": (
            "import torch\nimport torch.nn.functional as F\ndef mish(x): return x * torch.tanh(F.softplus(x))\n"
            "def double(x):\n    y = F.relu(x)\n    return y * 2",
            {"mish": "function", "double": "function"},
        ),
        "other functions": (
            "import torch\nfrom torch import nn\nclass N(nn.Module): ...\n"
            "def train(model, loader):\n    model.zero_grad()\n    return model\n"
            "def fit_once():\n    net = N()\n    return net\n"
            "def build_and_step():\n    net = N()\n    net(1).backward()\n    return net\n"
            "def parameters(model): return sum(p.numel() for p in model.parameters())\n"
            "def accuracy(out, y): return (torch.argmax(out, 1) == y).sum().item()\n"
            "def smooth(values): return [v / 2 for v in values]",
            {"N": "module"},
        ),
    }.values(),
)
def test_what_could_be_a_network_is_found(tmp_path: Path, code: str, kinds: dict[str, str]) -> None:
    assert {name: each.kind for name, each in definitions(tmp_path, code).items()} == kinds


def test_a_base_class_may_be_in_another_file(tmp_path: Path) -> None:
    files = {
        "models/__init__.py": "from .base import Base",
        "models/base.py": "from torch.nn import Module\nclass Base(Module):\n    def __init__(self, width): ...",
        "a.py": "from models import Base\nclass A(Base): ...",
        "b.py": "import models.base as base\nclass B(base.Base): ...",
        "c.py": "from models.base import *\nclass C(Base): ...",
        "models/d.py": "from base import Base\nclass D(Base): ...",
        "deep/er/e.py": "from ...models.base import Base\nclass E(Base): ...",
        "homework/models/layers.py": "import torch\nclass L(torch.nn.Module): ...",
        "f.py": "from models.layers import L\nclass F(L): ...",
        "g.py": "from project.models.layers import L\nimport torchvision.models as models\nclass G(L): ...\nclass Other(models.Base): ...",
    }
    found = definitions(tmp_path, files)
    assert {"A", "B", "C", "D", "E", "F", "G"} <= found.keys()
    assert "Other" not in found or found["Other"].parameters == ()
    assert [each.name for each in found["A"].parameters] == ["width"]


def test_parameters_have_their_defaults_as_far_as_they_can_be_read(tmp_path: Path) -> None:
    code = """
import torch
from torch import nn
WIDTH = 4 * 8
class Block(nn.Module): ...
class Net(nn.Module):
    '''A network.'''
    def __init__(self, a, b: int = WIDTH, c=(1, 2), d=nn.ReLU, block=Block, e=torch.device("cpu"), f=None, *rest, g="3x3", **more): ...
"""
    net = definitions(tmp_path, code)["Net"]
    assert [(each.name, each.kind, each.default) for each in net.parameters] == [
        ("a", "positional", Unknown.MISSING),
        ("b", "positional", 32),
        ("c", "positional", [1, 2]),
        ("d", "positional", {"$ref": "torch.nn:ReLU"}),
        ("block", "positional", {"$ref": "work.py:Block"}),
        ("e", "positional", Unknown.NOT_LITERAL),
        ("f", "positional", None),
        ("g", "keyword", "3x3"),
        ("rest", "variadic", Unknown.MISSING),
        ("more", "variadic", Unknown.MISSING),
    ]
    assert (net.parameters[1].annotation, net.doc, net.bases, net.line) == ("int", "A network.", ("nn.Module",), 6)


def test_an_operation_is_called_without_its_context(tmp_path: Path) -> None:
    code = """
from torch.autograd import Function
class Swish(Function):
    @staticmethod
    def forward(ctx, x, beta=1.0): ...
y = Swish.apply(3, 2.0)
"""
    found = surveyed(tmp_path, code)
    assert [each.name for each in found.definitions[0].parameters] == ["x", "beta"]
    assert found.calls[0].arguments == {"x": 3, "beta": 2.0}


def test_a_file_with_a_syntax_error_keeps_its_other_classes(tmp_path: Path) -> None:
    code = """
from torch import nn
class A(nn.Module): ...
def broken(:
    pass
class B(nn.Module):
    def __init__(self, k): ...
net = B(5)
"""
    found = surveyed(tmp_path, code)
    assert [each.name for each in found.definitions] == ["A", "B"]
    assert (found.calls[0].arguments, found.calls[0].line) == ({"k": 5}, 8)


def test_a_notebook_is_read_like_a_file(tmp_path: Path) -> None:
    cells = [
        "from torch import nn\nclass Net(nn.Module):\n    def __init__(self, kernel): ...",
        "%matplotlib inline\nmodels = {'small': Net(5)}",
    ]
    document = {
        "cells": [{"cell_type": "code", "source": cell, "outputs": []} for cell in cells],
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
    }
    found = surveyed(tmp_path, {"work.ipynb": json.dumps(document)})
    assert [each.place for each in found.definitions] == ["work.ipynb:Net"]
    assert found.calls[0].arguments == {"kernel": 5} and "small" in found.calls[0].words
