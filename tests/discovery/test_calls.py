"""The places where a student builds something are found, with the values it is built with and the words near it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from grader.discovery.records import Call, Survey
from grader.discovery.survey import survey
from grader.submission import open_submission
from tests.folders import write

NETS = """
import torch
from torch import nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self, kernel=3, depth=2, width=8):
        super().__init__()

class Other(Net):
    def forward(self, x): return x
"""


def surveyed(root: Path, files: dict[str, Any] | str) -> Survey:
    return survey(open_submission(write(root, files if isinstance(files, dict) else {"work.py": files})))


def calls(root: Path, code: str, definition: str = "nets.py:Net") -> list[Call]:
    found = surveyed(root, {"nets.py": NETS, "run.py": f"from nets import *\n{code}"}).calls
    return [each for each in found if each.definition == definition]


def built(root: Path, code: str) -> list[dict[str, Any]]:
    return [each.arguments for each in calls(root, code)]


CALLS = {
    "literals": ("Net(3, depth=4)", [{"kernel": 3, "depth": 4}]),
    "constants": ("K = 5\nNet(K, width=K * 2 + 1)", [{"kernel": 5, "width": 11}]),
    "the last assignment before": ("k = 3\nNet(k)\nk = 5\nNet(k)", [{"kernel": 3}, {"kernel": 5}]),
    "either branch": ("if flag():\n    k = 3\nelse:\n    k = 5\nNet(k)", [{"kernel": 5}, {"kernel": 3}]),
    "the same branch": ("if flag():\n    k = 3\n    Net(k)\nelse:\n    k = 5\n    Net(k)", [{"kernel": 3}, {"kernel": 5}]),
    "a conditional expression": ("data = input()\nNet(1 if data == 'mnist' else 3)", [{"kernel": 1}, {"kernel": 3}]),
    "a loop": ("for k in [3, 5, 7]:\n    net = Net(kernel=k).to(device)", [{"kernel": 3}, {"kernel": 5}, {"kernel": 7}]),
    "a loop over pairs": ("for k, d in ((3, 1), (5, 2)):\n    Net(k, d)", [{"kernel": 3, "depth": 1}, {"kernel": 5, "depth": 2}]),
    "a loop over a dict": (
        "for name, cfg in {'a': {'kernel': 1}, 'b': {'depth': 9}}.items():\n    Net(**cfg)",
        [{"kernel": 1}, {"depth": 9}],
    ),
    "what depends on a loop": (
        "for k in range(1, 4, 2):\n    pad = k // 2\n    Net(k, pad)",
        [{"kernel": 1, "depth": 0}, {"kernel": 3, "depth": 1}],
    ),
    "nested loops": ("for k in (3, 5):\n  for d in (2, 4):\n    Net(k, d)", [{"kernel": k, "depth": d} for k in (3, 5) for d in (2, 4)]),
    "zip and enumerate": (
        "for i, (k, d) in enumerate(zip([3, 5], [7, 9])):\n    Net(k, d, i)",
        [{"kernel": 3, "depth": 7, "width": 0}, {"kernel": 5, "depth": 9, "width": 1}],
    ),
    "comprehensions": (
        "nets = [Net(k) for k in (3, 5)]\nmore = {f'd{d}': Net(depth=d) for d in [2, 4]}",
        [{"kernel": 3}, {"kernel": 5}, {"depth": 2}, {"depth": 4}],
    ),
    "a condition in a loop": ("for k in [3, 5, 7]:\n    if k == 5:\n        Net(k)", [{"kernel": 5}]),
    "classes in a loop": ("for cls in (Net, Other):\n    cls(kernel=3)", [{"kernel": 3}]),
    "classes in a dict": ("models = {'a': Net, 'b': Other}\nnet = models[name](depth=4)", [{"depth": 4}]),
    "a class that is looked up": ("net = {'a': Net}.get(name, Other)(depth=3)", [{"depth": 3}]),
    "a table of experiments": (
        "runs = [('a', Net, dict(kernel=3)), ('b', Net, {'depth': 2})]\nfor name, cls, cfg in runs:\n    cls(**cfg)",
        [{"kernel": 3}, {"depth": 2}],
    ),
    "lambdas": ("makers = {'a': lambda: Net(3), 'b': lambda k=5: Net(k)}", [{"kernel": 3}, {"kernel": 5}]),
    "partial": ("from functools import partial\nmake = partial(Net, 3)\nmake(depth=4)", [{"kernel": 3}, {"kernel": 3, "depth": 4}]),
    "a function that is called": (
        "def run(k, d=2):\n    return Net(k, d)\nrun(3)\nrun(5, d=4)",
        [{"kernel": 3, "depth": 2}, {"kernel": 5, "depth": 4}],
    ),
    "two functions": (
        "def make(k):\n    return Net(k)\ndef run(size):\n    make(size)\nfor s in (3, 5):\n    run(s)",
        [{"kernel": 3}, {"kernel": 5}],
    ),
    "a class that is passed on": (
        "def run(model_class, **kwargs):\n    model_class(**kwargs)\nrun(Other, kernel=1)\nrun(Net, kernel=7)",
        [{"kernel": 7}],
    ),
    "a function by its default": ("def main(k=9):\n    Net(k)", [{"kernel": 9}]),
    "a decision in a function": (
        "def run(data):\n    if data == 'mnist':\n        c = 1\n    else:\n        c = 3\n    Net(c)\nrun('mnist')\nrun('cifar')",
        [{"kernel": 1}, {"kernel": 3}],
    ),
    "what a function returns": ("def config(name):\n    return {'kernel': 3 if name == 'a' else 5}\nNet(**config('b'))", [{"kernel": 5}]),
    "a class of constants": (
        "class Config:\n    K = 7\n    def __init__(self):\n        self.depth = 3\ncfg = Config()\nNet(Config.K, cfg.depth)",
        [{"kernel": 7, "depth": 3}],
    ),
    "a dataclass of settings": (
        "from dataclasses import dataclass, field\n@dataclass\nclass Config:\n    depths: list = field(default_factory=lambda: [2, 4])\n"
        "for d in Config().depths:\n    Net(depth=d)",
        [{"depth": 2}, {"depth": 4}],
    ),
    "a dataclass as the argument": (
        "from dataclasses import dataclass, asdict, replace\n@dataclass\nclass Base:\n    lr: float = 0.1\n"
        "@dataclass\nclass Config(Base):\n    side: int = 3\n    depth: int = 2\nNet(Config(side=5))\n"
        "for cfg in (Config(), replace(Config(), depth=6)):\n    Net(cfg.side, width=cfg.depth)\nNet(**asdict(Config(0.2, 7)))",
        [
            {"kernel": {"$new": "run.py:Config", "with": {"lr": 0.1, "side": 5, "depth": 2}}},
            {"kernel": 3, "width": 2},
            {"kernel": 3, "width": 6},
            {"depth": 2},
        ],
    ),
    "fields that the constructor does not take": (
        "from dataclasses import dataclass, field\nfrom typing import ClassVar\n@dataclass\nclass Config:\n    kind: ClassVar[str] = 'a'\n"
        "    side: int = 3\n    made: int = field(default=0, init=False)\n    seed: int = field(default_factory=now)\nNet(Config())",
        [{"kernel": {"$new": "run.py:Config", "with": {"side": 3}}}],
    ),
    "a named tuple as the argument": (
        "from typing import NamedTuple\nclass Config(NamedTuple):\n    side: int\n    depth: int = 2\nNet(Config(5))",
        [{"kernel": {"$new": "run.py:Config", "with": {"side": 5, "depth": 2}}}],
    ),
    "a registry that is called with a partial": (
        "from functools import partial\nfor k in (3, 5):\n    register(f'k{k}')(partial(Net, k, width=4))",
        [{"kernel": 3, "width": 4}, {"kernel": 5, "width": 4}],
    ),
    "a dict of settings": (
        "CFG = {'net': {'kernel': 5}, 'lr': 0.1}\nNet(CFG['net']['kernel'], width=len([1, 2]))",
        [{"kernel": 5, "width": 2}],
    ),
    "unknown values are left out": ("Net(args.kernel, depth=4)", [{"depth": 4}]),
    "references": (
        "Net(nn.ReLU, Other, F.relu)",
        [{"kernel": {"$ref": "torch.nn:ReLU"}, "depth": {"$ref": "nets.py:Other"}, "width": {"$ref": "torch.nn.functional:relu"}}],
    ),
    "a star": ("sizes = [3, 4]\nNet(*sizes)", [{"kernel": 3, "depth": 4}]),
    "in a block of a network": (
        "class Big(nn.Module):\n"
        "    def __init__(self, block):\n"
        "        self.k = 3\n"
        "        self.a = self._make(block, 16)\n"
        "    def _make(self, block, n):\n        return block(self.k, n)\nBig(Net)",
        [{"kernel": 3, "depth": 16}],
    ),
    "what an early return leaves": (
        "def make(kind):\n    if kind == 'mix':\n        return Net(1)\n    return Net(int(kind[0]))\nmake('mix')\nmake('5x5')",
        [{"kernel": 1}, {"kernel": 5}],
    ),
    "under the main guard": ("def main():\n    Net(2)\nif __name__ == '__main__':\n    main()", [{"kernel": 2}]),
    "unknown keywords": ("Net(kernel=3, colour='red')", [{"kernel": 3}]),
    "a comment": ("# Net(3)\n'''\nNet(5)\n'''", []),
    "another thing of the name": ("import nets\ndef Net(k): return k\nNet(3)\nnets.Net(5)", [{"kernel": 5}]),
}


@pytest.mark.parametrize("kind", CALLS)
def test_calls_are_found_with_their_values(tmp_path: Path, kind: str) -> None:
    code, arguments = CALLS[kind]
    found = built(tmp_path, code)
    assert sorted(map(str, found)) == sorted(map(str, arguments))


def test_constants_come_from_other_files_too(tmp_path: Path) -> None:
    files = {
        "nets.py": NETS,
        "settings.py": "KERNELS = [1, 3]\nDEPTH: int = 6",
        "run.py": "import settings\nfrom nets import Net\nfrom settings import DEPTH as D\nfor k in settings.KERNELS:\n    Net(k, D)",
    }
    assert [each.arguments for each in surveyed(tmp_path, files).calls] == [{"kernel": 1, "depth": 6}, {"kernel": 3, "depth": 6}]


WORDS = {
    "variable and function": ("def depth_study():\n    Shallow_net = Net()", {"shallow_net", "depth_study", "run"}),
    "key": ("models = {'Deep': Net(), 'other': 3}", {"deep", "models"}),
    "key of an assignment": ("results['wide'] = Net()", {"wide"}),
    "table and key of an assignment": ("depth_models['first'] = Net()", {"depth_models", "first"}),
    "registry": ("from functools import partial\nregister('depth/' + 'deep', group='study')(partial(Net, 3))", {"depth/deep", "study"}),
    "tuple": ("runs = [('basic block', Net()), ('x', 1)]", {"basic block"}),
    "beside it in a call": ("train(Net(), name='with dropout')", {"with dropout", "train"}),
    "value of a loop": ("for name in ['3x3']:\n    Net()", {"3x3"}),
    "condition": ("if kind == 'bottleneck':\n    net = Net()", {"bottleneck"}),
    "name in a table": ("for run in [{'title': 'mixed kernels', 'k': 1}]:\n    Net(run['k'])", {"mixed kernels"}),
    "name that is handed on": ("title = 'plain deep'\nnet = Net()\nfit(net, title)", {"plain deep"}),
    "title further on": ("net = Net()\nprint(1)\nplot(net, title='ResNet')", {"resnet"}),
    "data of the function": ("def one():\n    load_mnist()\n    Net()\ndef two():\n    CIFAR10()", {"mnist"}),
}


@pytest.mark.parametrize("kind", WORDS)
def test_a_call_has_the_words_near_it(tmp_path: Path, kind: str) -> None:
    code, words = WORDS[kind]
    (call,) = calls(tmp_path, code)
    assert words <= set(call.words)
    assert not {"other", "x", "cifar"} & set(call.words)


def test_words_of_one_network_are_not_those_of_the_next(tmp_path: Path) -> None:
    first, second = calls(tmp_path, "net = Net(1)\nplot(net, 'first')\nnet = Net(2)\nplot(net, 'second')")
    assert "first" in first.words and "second" not in first.words
    assert "second" in second.words and "first" not in second.words


# Hostile sources

HOSTILE = {
    "a deep expression": "x = " + "+".join(["1"] * 20_000) + "\nNet(x)",
    "calls of calls": "Net(" * 80 + ")" * 80,
    "nested lists": "a = [1] * 500\n" + "\n".join(f"{b} = [{a}] * 500" for a, b in zip("abcdefgh", "bcdefghi", strict=True)) + "\nNet(i)",
    "huge numbers": "Net(10 ** 10 ** 10, 'a' * 10 ** 12, 2 ** 4000)",
    "functions of each other": "\n".join(f"def f{n}(x):\n    f{(n + 1) % 30}(x)\n    f{(n + 7) % 30}(x)\n    Net(x)" for n in range(30))
    + "\nf0(1)",
    "many loops": "\n".join("  " * n + f"for x{n} in range(1000):" for n in range(15)) + "\n" + "  " * 15 + "Net(x0, x7, x14)",
    "many calls": "for k in range(24):\n" + "    Net(k)\n" * 3000,
    "many bindings of a name": "f = unknown\n" * 15_000 + "f(1)\n" * 15_000,
    "many classes": "import torch\n" + "".join(f"class A{n}(torch.nn.Module):\n    def f(self, x): self.y = x\n" for n in range(5000)),
    "classes in classes": "\n".join(" " * n + f"class A{n}(Net):" for n in range(95)) + " ...",
    "a long body": "def f(x):\n" + "    if x == 3: return 4\n" * 8000 + "    Net(x)\nf(3)",
    "imports in a circle": "from run import *\nfrom run import Net as Again\nAgain(3)",
    "a name of itself": "x = x\ny = [y, y]\nz = lambda: z()\nNet(x, y, z())",
    "many assignments": "\n".join(f"if flag():\n    k = {n}" for n in range(3000)) + "\nNet(k)",
    "loops over loops of names": "\n".join(f"a{n + 1} = [a{n}, a{n}, a{n}]" for n in range(200)) + "\nNet(a200)",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_sources_are_read_in_bounded_time(tmp_path: Path, kind: str) -> None:
    start = time.process_time()
    found = calls(tmp_path, HOSTILE[kind])
    assert time.process_time() - start < 15
    assert len(found) <= 1500
    assert all(len(str(each.arguments)) < 20_000 for each in found)


@pytest.mark.parametrize(
    ("signature", "call", "arguments"),
    {
        "all of them": ("*sizes", "Stack(784, 64, 10)", [{"sizes": [784, 64, 10]}]),
        "what is left": ("first, *sizes", "Stack(784, 64, 10)", [{"first": 784, "sizes": [64, 10]}]),
        "before what goes by keyword only": (
            "*sizes, width=8",
            "Stack(784, 10)\nStack(784, width=4)",
            [{"sizes": [784, 10]}, {"sizes": [784], "width": 4}],
        ),
        "a bare star": ("first=1, *, width=8", "Stack(3, width=4)", [{"first": 3, "width": 4}]),
        "by keyword after a list": ("*sizes", "numbers = [784, 10]\nStack(*numbers)", [{"sizes": [784, 10]}]),
        "not all of it is known": ("*sizes", "Stack(784, *read())", [{}]),
        "in a loop": ("*sizes", "for n in (3, 5):\n    Stack(784, n)", [{"sizes": [784, 3]}, {"sizes": [784, 5]}]),
        "handed on by a function": ("*sizes", "def make(*widths):\n    return Stack(*widths)\nmake(784, 10)", [{"sizes": [784, 10]}]),
    }.values(),
)
def test_arguments_that_a_star_gathers(tmp_path: Path, signature: str, call: str, arguments: list[dict[str, Any]]) -> None:
    code = f"from torch import nn\nclass Stack(nn.Module):\n    def __init__(self, {signature}):\n        super().__init__()\n{call}"
    found = surveyed(tmp_path, code).calls
    assert [each.arguments for each in found if each.definition == "work.py:Stack"] == arguments


def test_the_constructor_of_a_torch_layer_that_a_class_inherits(tmp_path: Path) -> None:
    code = (
        "from torch import nn\nclass Cosine(nn.Conv2d):\n    def forward(self, x): return x\nclass Again(Cosine): ...\n"
        "Cosine(8, 4, 3, padding=1)\nAgain(3, 6, kernel_size=5)"
    )
    found = surveyed(tmp_path, code)
    assert [each.arguments for each in found.calls] == [
        {"in_channels": 8, "out_channels": 4, "kernel_size": 3, "padding": 1},
        {"in_channels": 3, "out_channels": 6, "kernel_size": 5},
    ]
    assert [each.name for each in found.definitions[0].parameters][:3] == ["in_channels", "out_channels", "kernel_size"]


DECORATED = """
from torch import nn

@register("k5", kernel=5, note="x")
@register(name="k7", kernel=7)
@register("plain")
@unknown
class Net(nn.Module):
    def __init__(self, kernel=3): super().__init__()

@register("deep", depth=6)
@cached(size=9)
def make(**settings):
    return Net(**settings)
"""


def test_decorators_say_what_a_definition_is_built_with(tmp_path: Path) -> None:
    found = [each for each in surveyed(tmp_path, DECORATED).calls if each.line < 14]
    assert [(each.definition, each.arguments, each.words) for each in found] == [
        ("work.py:Net", {"kernel": 5}, ("k5", "x")),
        ("work.py:Net", {"kernel": 7}, ("k7",)),
        ("work.py:Net", {}, ("plain",)),
        ("work.py:make", {"depth": 6}, ("deep",)),
    ]
