"""The builds that are worth trying: the student's own first, then what the defaults and the parameters' meanings give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.discovery.arguments import MAX_BUILDS, builds, input_channels
from tests.discovery.code_work import module, reading, tried

NETWORKS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "nothing needed": (module(""), [{}]),
    "channels": (module("in_channels, num_classes"), [{"in_channels": 1, "num_classes": 10}, {"in_channels": 3, "num_classes": 10}]),
    "channels with a default": (module("in_ch=1, n_classes=10"), [{}, {"in_ch": 3}]),
    "channels by another name": (
        module("c, out", "self.conv = nn.Conv2d(c, 8, 3)\nself.fc = nn.Linear(8, out)"),
        [{"c": 1, "out": 10}, {"c": 3, "out": 10}],
    ),
    "channels in a shape": (module("input_shape"), [{"input_shape": [1, 28, 28]}, {"input_shape": [3, 32, 32]}]),
    "a shape that is taken apart": (
        module("input_size", "self.fc = nn.Linear(input_size[0] * input_size[1] * input_size[2], 10)"),
        [{"input_size": [1, 28, 28]}, {"input_size": [3, 32, 32]}],
    ),
    "features": (
        module(
            "input_size, hidden_sizes, num_classes=10",
            "for size in hidden_sizes:\n    self.fc = nn.Linear(input_size, size)\nself.out = nn.Linear(size, num_classes)",
        ),
        [{"input_size": 784, "hidden_sizes": [512, 256, 128]}, {"input_size": 3072, "hidden_sizes": [1024, 512, 256]}],
    ),
    "one hidden size": (module("input_dim=784, hidden_dim=256, output_dim=10"), [{}, {"input_dim": 3072}]),
    "all sizes in one list": (
        module("sizes", "for a, b in zip(sizes[:-1], sizes[1:]):\n    self.l = nn.Linear(a, b)"),
        [{"sizes": [784, 512, 256, 128, 10]}, {"sizes": [3072, 1024, 512, 256, 10]}],
    ),
    "channels and side": (module("in_channels=1, img_size=28, num_classes=10"), [{}, {"in_channels": 3, "img_size": 32}]),
    "a side that is called input size": (
        module("input_size=28, in_channels=1", "self.c = nn.Conv2d(in_channels, 8, 3)\nself.fc = nn.Linear(8 * input_size**2, 10)"),
        [{}, {"input_size": 32, "in_channels": 3}],
    ),
    "channels that are called input size": (
        module("input_size", "self.c = nn.Conv2d(input_size, 8, 3)\nself.fc = nn.Linear(8, 10)"),
        [{"input_size": 1}, {"input_size": 3}],
    ),
    "a dataset": (
        module("dataset", "if dataset == 'mnist':\n    c = 1\nelif dataset == 'cifar10':\n    c = 3"),
        [{"dataset": "mnist"}, {"dataset": "cifar10"}],
    ),
    "kernel size": (module("kernel_size, in_channels=3"), [{"kernel_size": 3}, {"kernel_size": 5}, {"kernel_size": 7}]),
    "kernel sizes": (module("kernel_sizes", "for k in kernel_sizes:\n    self.c = nn.Conv2d(1, 1, k)"), [{"kernel_sizes": [3, 3, 3]}]),
    "kernel names": (
        module(
            "kernel_type='3x3'",
            "if kernel_type == '3x3':\n    k = 3\nelif kernel_type == '5x5':\n    k = 5\nelif kernel_type in ('7x7', 'mixed'):\n    k = 7",
        ),
        [{}, {"kernel_type": "5x5"}, {"kernel_type": "7x7"}, {"kernel_type": "mixed"}],
    ),
    "names in a dict": (
        "DEPTHS = {'shallow': 2, 'medium': 4, 'deep': 6}\n" + module("variant, channels=3", "n = DEPTHS[variant]"),
        [{"variant": "shallow"}, {"variant": "medium"}, {"variant": "deep"}, {"variant": "shallow", "channels": 1}],
    ),
    "names in a dict inside": (
        module("depth", "n = {'shallow': 2, 'deep': 6}.get(depth, 2)\nif depth == 'residual':\n    pass"),
        [{"depth": "shallow"}, {"depth": "deep"}, {"depth": "residual"}],
    ),
    "names of an attribute in forward": (
        "class Net(nn.Module):\n"
        "    def __init__(self, mode='plain'):\n"
        "        super().__init__()\n"
        "        self.mode = mode\n"
        "    def forward(self, x):\n        return x + x if self.mode.lower() == 'residual' else x\n",
        [{}, {"mode": "residual"}],
    ),
    "a match statement": (
        module("kind", "match kind:\n    case 'a': pass\n    case 'b' | 'c': pass"),
        [{"kind": "a"}, {"kind": "b"}, {"kind": "c"}],
    ),
    "a literal type": (module("kernel: Literal['3x3', '7x7'] = '3x3'"), [{}, {"kernel": "7x7"}]),
    "a flag": (module("use_residual=False, in_channels=1"), [{}, {"use_residual": True}, {"in_channels": 3}]),
    "flags": (module("dropout: bool, bn=True"), [{"dropout": False}, {"dropout": True}, {"dropout": False, "bn": False}]),
    "depth": (module("num_layers=3, num_classes=10"), [{}, {"num_layers": 2}, {"num_layers": 4}, {"num_layers": 6}]),
    "depth by another name": (module("n_conv_layers, in_c=1"), [{"n_conv_layers": 2}, {"n_conv_layers": 4}, {"n_conv_layers": 6}]),
    "counts of blocks": (module("num_blocks", "for n in num_blocks:\n    pass"), [{"num_blocks": [2, 2, 2]}]),
    "a block class": (
        module("ch, out, stride=1", name="BasicBlock")
        + module("ch", name="Gate")
        + module("block, num_blocks, num_classes=10", "self.l = block(16, 32, 1)\nfor n in num_blocks: pass"),
        [{"block": {"$ref": "work.py:BasicBlock"}, "num_blocks": [2, 2, 2]}],
    ),
    "an activation that is called": (
        "class Net(nn.Module):\n"
        "    def __init__(self, activation):\n"
        "        super().__init__()\n"
        "        self.act = activation\n"
        "    def forward(self, x): return self.act(x)\n",
        [{"activation": {"$ref": "torch.nn.functional:relu"}}],
    ),
    "an activation class": (module("act_layer, num_classes=10", "self.act = act_layer()"), [{"act_layer": {"$ref": "torch.nn:ReLU"}}]),
    "a dict of settings": (
        module("config", "self.c = nn.Conv2d(config['in_channels'], 8, config.get('kernel_size'))"),
        [{"config": {"in_channels": 1, "kernel_size": 3}}],
    ),
    "names that begin alike": (
        module("kind='plain'", "if kind.startswith('res'):\n    pass\nelif kind == 'plain':\n    pass"),
        [{}, {"kind": "res"}],
    ),
    "one of the usual names": (
        module("kernel", "k = [1, 3] if kernel == '1x1+3x3' else int(kernel[0])"),
        [{"kernel": "1x1+3x3"}, {"kernel": "3x3"}, {"kernel": "5x5"}, {"kernel": "7x7"}],
    ),
    "hidden sizes that are joined": (
        module("in_dim, hidden, out_dim", "dims = [in_dim] + list(hidden) + [out_dim]"),
        [{"in_dim": 784, "hidden": [512, 256, 128], "out_dim": 10}],
    ),
    "dropout": (module("dropout_rate, num_classes"), [{"dropout_rate": 0.3, "num_classes": 10}]),
    "a number by its type": (module("foo: int, num_classes: int = 10"), [{"foo": 16}]),
    "a factory": (
        module("in_channels, num_classes", name="Inner") + "def make_net(in_channels=1, kind='a'):\n    return Inner(in_channels, 10)\n",
        [],
    ),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_networks_are_built_for_both_kinds_of_images_and_in_every_variant(tmp_path: Path, kind: str) -> None:
    code, expected = NETWORKS[kind]
    found = [each.arguments for each in tried(tmp_path, code, "Net" if expected else "make_net")]
    for arguments in expected or [{}, {"in_channels": 3}]:
        assert arguments in found[:12]
    assert found[0] == (expected or [{}])[0]
    assert len(found) <= MAX_BUILDS


LAYERS: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "no parameters": ("CustomActivation", "", [{}]),
    "channels": ("AttentionLayer", "channels", [{"channels": 16}, {"channels": 64}]),
    "channels with a factor": ("SEBlock", "in_planes, reduction=16", [{"in_planes": 16}, {"in_planes": 64}]),
    "in and out": (
        "ResidualBlock",
        "in_channels, out_channels, stride=1",
        [{"in_channels": 16, "out_channels": 16}, {"in_channels": 16, "out_channels": 32}, {"in_channels": 64, "out_channels": 64}],
    ),
    "in, middle and out": ("BottleneckBlock", "in_ch, mid_ch, out_ch", [{"in_ch": 16, "mid_ch": 4, "out_ch": 16}]),
    "inplanes and planes": ("Bottleneck", "inplanes, planes, expansion=4", [{"inplanes": 16, "planes": 16}]),
    "a wide block": ("WideBlock", "channels, widen_factor", [{"channels": 16, "widen_factor": 2}]),
    "a convolution": (
        "CustomConv2d",
        "in_channels, out_channels, kernel_size",
        [{"in_channels": 16, "out_channels": 32, "kernel_size": 3}],
    ),
    "a convolution without padding": (
        "MyConv",
        "in_channels, out_channels, kernel_size=3, padding=0",
        [{"in_channels": 16, "out_channels": 16, "padding": 1}],
    ),
    "a pooling": ("CustomPool", "kernel_size, stride=None", [{"kernel_size": 2}]),
    "a pooling with everything": ("SoftPooling", "kernel_size, stride, padding", [{"kernel_size": 2, "stride": 2, "padding": 0}]),
    "an activation's slope": ("ParametricActivation", "alpha", [{"alpha": 1.0}]),
    "heads": ("SelfAttention", "dim, num_heads", [{"dim": 16, "num_heads": 4}]),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_layers_are_built_for_a_few_widths(tmp_path: Path, kind: str) -> None:
    name, parameters, expected = LAYERS[kind]
    found = [each.arguments for each in tried(tmp_path, module(parameters, name=name), name)]
    for arguments in expected:
        assert arguments in found[:8]


def test_calls_come_first_and_what_they_leave_open_is_inferred(tmp_path: Path) -> None:
    code = module("depth, in_channels, num_classes") + "for d in (2, 9):\n    Net(d, in_channels=args.channels, num_classes=10)\n"
    found = tried(tmp_path, code)
    assert [each.arguments for each in found[:2]] == [
        {"depth": 2, "in_channels": 1, "num_classes": 10},
        {"depth": 9, "in_channels": 1, "num_classes": 10},
    ]
    assert [each.origin for each in found[:2]] == ["call", "call"] and found[0].place == "work.py:10"
    rest = [each.arguments for each in found[2:12]]
    assert {"depth": 9, "in_channels": 3, "num_classes": 10} in rest and {"depth": 6, "in_channels": 1, "num_classes": 10} in rest


def test_the_same_build_comes_once_with_all_its_words(tmp_path: Path) -> None:
    found = tried(tmp_path, module("depth=4") + "first = Net()\nsecond = Net(4)\nthird = Net(depth=4)\n")
    same = [each for each in found if each.arguments.get("depth", 4) == 4]
    assert len(same) == 1 and {"first", "second", "third"} <= set(same[0].words)
    assert (same[0].origin, same[0].place) == ("call", "work.py:9")


def test_a_network_that_is_called_for_one_kind_of_images_is_tried_for_the_other(tmp_path: Path) -> None:
    code = module("sizes, p=0.5", "for s in sizes:\n    self.f = nn.Linear(s, s)") + "Net([784, 100, 10], p=0.1)\n"
    assert {"sizes": [3072, 100, 10], "p": 0.1} in [each.arguments for each in tried(tmp_path, code)[:6]]


def test_calls_in_experiments_come_before_those_inside_other_networks(tmp_path: Path) -> None:
    code = (
        module("channels", name="ResidualBlock")
        + module("", "self.a = ResidualBlock(32)\nself.b = ResidualBlock(64)")
        + "def test():\n    block = ResidualBlock(8)\n"
    )
    assert [each.arguments["channels"] for each in tried(tmp_path, code, "ResidualBlock")[:3]] == [8, 32, 64]


def test_what_is_only_part_of_others_is_built_like_a_layer(tmp_path: Path) -> None:
    code = module("ins, outs", "self.c = nn.Conv2d(ins, outs, 3)", "Stem") + module("", "self.stem = Stem(3, 8)")
    found = [each.arguments for each in tried(tmp_path, code, "Stem")]
    assert found[0] == {"ins": 3, "outs": 8} and {"ins": 16, "outs": 32} in found and {"ins": 1, "outs": 32} not in found


def test_defaults_are_a_build_of_their_own(tmp_path: Path) -> None:
    found = tried(tmp_path, module("width=8, num_classes=10") + "Net(width=4)\n")
    assert [(each.arguments, each.origin) for each in found[:2]] == [({"width": 4}, "call"), ({}, "default")]


def test_what_cannot_be_given_is_not_built(tmp_path: Path) -> None:
    code = "class Wrapper(nn.Module):\n    def __init__(self, backbone):\n        super().__init__()\n        self.backbone = backbone\n"
    assert tried(tmp_path, code + "    def forward(self, x): return self.backbone(x)\n", "Wrapper") == []


def test_an_operation_is_built_without_its_input(tmp_path: Path) -> None:
    code = "class Op(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x, alpha): return x * alpha\n"
    assert tried(tmp_path, code, "Op")[0].arguments == {"alpha": 1.0}
    code = "def mish(x, beta=1.0): return x * torch.tanh(F.softplus(beta * x))\n"
    assert tried(tmp_path, code, "mish")[0].arguments == {}


def test_the_build_says_how_many_channels_it_takes(tmp_path: Path) -> None:
    found = reading(tmp_path, module("a=5, in_planes=3") + module("k", "self.c = nn.Conv2d(1, 1, k)", "Plain") + "Net(in_planes=16)\n")
    net, plain = found.survey.definitions
    assert [input_channels(each, found) for each in builds(net, found)[:2]] == [16, 3]
    assert input_channels(builds(plain, found)[0], found) is None


def test_builds_are_bounded(tmp_path: Path) -> None:
    calls = "for a in range(24):\n    Net(a, 1)\nfor b in range(24):\n    Net(1, b)\n"
    assert len(tried(tmp_path, module("depth, kernel_size") + calls)) == MAX_BUILDS
