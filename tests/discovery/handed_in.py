"""Submissions as students hand them in, each with one thing that the starter does not have, and the roles to be found in them.

All code here was written for the tests. A role that is None must be filled by nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n\n"

FC = """
class {name}(nn.Module):
    def __init__(self, {first}, classes=10):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear({size}, 96), nn.ReLU(), nn.Linear(96, 64), nn.ReLU(), nn.Linear(64, classes))

    def forward(self, x):
        return self.net(x)
"""
CNN = """
class {name}(nn.Module):
    def __init__(self, {channels}=1):
        super().__init__()
        self.one = nn.Conv2d({channels}, 8, 3, padding=1)
        self.two = nn.Conv2d(8, 16, 3, padding=1)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.one(x)), 2)
        return self.head(F.relu(self.two(x)).mean((2, 3)))
"""
BLOCK = """
class ResBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Conv2d(c, c, 3, padding=1), nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        return F.relu(x + self.b(F.relu(self.a(x))))
"""
RES = """
class {name}(nn.Module):
    def __init__(self, in_ch={channels}, drop={drop}):
        super().__init__()
        self.stem = nn.Conv2d(in_ch, 8, 3, padding=1)
        self.blocks = nn.Sequential(ResBlock(8), nn.MaxPool2d(2), ResBlock(8))
        self.drop, self.head = nn.Dropout(drop), nn.Linear(8, 10)

    def forward(self, x):
        return self.head(self.drop(self.blocks(self.stem(x)).mean((2, 3))))
"""
KERNELS = """
class KernelNet(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.one, self.two = nn.Conv2d(1, 8, k, padding=k // 2), nn.Conv2d(8, 8, k, padding=k // 2)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        return self.head(F.relu(self.two(F.relu(self.one(x)))).mean((2, 3)))
"""
DEPTH = """
class DepthNet(nn.Module):
    def __init__(self, n_layers=2):
        super().__init__()
        layers = []
        for at in range(n_layers):
            layers += [nn.Conv2d(3 if at == 0 else 8, 8, 3, padding=1), nn.ReLU()]
        self.body, self.head = nn.Sequential(*layers), nn.Linear(8, 10)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))
"""
TRAINING = """
from torchvision import datasets, transforms

data = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
loader = torch.utils.data.DataLoader(data, batch_size=64)
model = {call}
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(5):
    for images, labels in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
"""


@dataclass(frozen=True)
class HandedIn:
    """A submission: its files, and what is to be found in it (role -> "file.py:Name(arguments)" or None)."""

    about: str
    files: dict[str, str] = field(hash=False)
    roles: dict[str, str | None] = field(hash=False)


def fc(name: str = "Perceptron", first: str = "size=784", size: str = "size") -> str:
    return FC.format(name=name, first=first, size=size)


def cnn(name: str = "Convolutional", channels: str = "channels") -> str:
    return CNN.format(name=name, channels=channels)


def res(name: str = "Residual", channels: int = 1, drop: float = 0.0) -> str:
    return BLOCK + RES.format(name=name, channels=channels, drop=drop)


def notebook(*cells: str) -> str:
    code = [
        {"cell_type": "code", "source": cell.splitlines(keepends=True), "outputs": [], "metadata": {}, "execution_count": 1}
        for cell in cells
    ]
    prose = {"cell_type": "markdown", "source": ["# Homework"], "metadata": {}}
    return json.dumps({"cells": [prose, *code], "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


SUBMISSIONS = (
    # --- names and constructors
    HandedIn(
        "classes under other names",
        {"nets.py": HEAD + fc() + cnn()},
        {"fc_mnist": "nets.py:Perceptron", "cnn_mnist": "nets.py:Convolutional"},
    ),
    HandedIn(
        "an input size without a default", {"nets.py": HEAD + fc(first="input_size", size="input_size")}, {"fc_mnist": "nets.py:Perceptron"}
    ),
    HandedIn(
        "an input size that is a tuple",
        {"nets.py": HEAD + fc(first="input_shape", size="input_shape[0] * input_shape[1] * input_shape[2]")},
        {"fc_mnist": "nets.py:Perceptron", "cnn_mnist": None},
    ),
    HandedIn(
        "one class for both data sets, by the student's calls",
        {
            "nets.py": HEAD + fc(),
            "run.py": "from nets import Perceptron\n\ndef run_mnist():\n    return Perceptron(784)\n\ndef run_cifar():\n    return Perceptron(3072)\n",
        },
        {"fc_mnist": "nets.py:Perceptron(size=784"},
    ),
    HandedIn("input_channels", {"nets.py": HEAD + cnn(channels="input_channels")}, {"cnn_mnist": "nets.py:Convolutional("}),
    HandedIn(
        "in_ch without words of residual",
        {"nets.py": HEAD + res("Second")},
        {"rescnn_mnist": "nets.py:Second", "basic_block": "nets.py:ResBlock"},
    ),
    HandedIn(
        "sizes of layers as a required list",
        {
            "nets.py": HEAD
            + "class Net(nn.Module):\n    def __init__(self, sizes):\n        super().__init__()\n        parts = [nn.Flatten()]\n        for a, b in zip(sizes, sizes[1:]):\n            parts += [nn.Linear(a, b), nn.ReLU()]\n        self.body = nn.Sequential(*parts[:-1])\n\n    def forward(self, x):\n        return self.body(x)\n",
            "main.py": "from nets import Net\n\ndef main():\n    model = Net([784, 256, 128, 10])\n    return model\n",
        },
        {"fc_mnist": "nets.py:Net(sizes=[784, 256, 128, 10])"},
    ),
    HandedIn(
        "a data set's name as the argument",
        {
            "nets.py": HEAD
            + "class Net(nn.Module):\n    def __init__(self, dataset='cifar'):\n        super().__init__()\n        size = 3 * 32 * 32 if dataset == 'cifar' else 28 * 28\n        self.body = nn.Sequential(nn.Flatten(), nn.Linear(size, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))\n\n    def forward(self, x):\n        return self.body(x)\n"
        },
        {"fc_mnist": "nets.py:Net(dataset=", "fc_cifar": "nets.py:Net("},
    ),
    # --- one class, several roles
    HandedIn(
        "kernel sizes by an argument, in a loop of the student's",
        {"kernels.py": HEAD + KERNELS + "\ndef kernel_experiment():\n    for size in (3, 5, 7):\n        model = KernelNet(size)\n"},
        {"k3": "kernels.py:KernelNet(k=3)", "k5": "kernels.py:KernelNet(k=5)", "k7": "kernels.py:KernelNet(k=7)", "kmix": None},
    ),
    HandedIn(
        "kernel sizes in a dictionary of networks",
        {
            "kernels.py": HEAD
            + KERNELS
            + "\ndef kernel_analysis():\n    models = {'3x3': KernelNet(3), '5x5': KernelNet(5), '7x7': KernelNet(k=7)}\n    return models\n"
        },
        {"k3": "kernels.py:KernelNet(k=3)", "k5": "kernels.py:KernelNet(k=5)", "k7": "kernels.py:KernelNet(k=7)"},
    ),
    HandedIn(
        "kernels by a selector that is text",
        {
            "kernels.py": HEAD
            + "class KernelNet(nn.Module):\n    def __init__(self, kind):\n        super().__init__()\n        if kind == '1x1+3x3':\n            self.body = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())\n        else:\n            k = int(kind[0])\n            self.body = nn.Sequential(nn.Conv2d(3, 8, k, padding=k // 2), nn.ReLU())\n        self.head = nn.Linear(8, 10)\n\n    def forward(self, x):\n        return self.head(self.body(x).mean((2, 3)))\n\ndef study():\n    return [KernelNet(kind) for kind in ['3x3', '5x5', '7x7', '1x1+3x3']]\n"
        },
        {
            "k3": "kernels.py:KernelNet(kind='3x3')",
            "k5": "kernels.py:KernelNet(kind='5x5')",
            "k7": "kernels.py:KernelNet(kind='7x7')",
            "kmix": "kernels.py:KernelNet(kind='1x1+3x3')",
        },
    ),
    HandedIn(
        "depths by an argument, through a function of the student's",
        {
            "depth.py": HEAD
            + DEPTH
            + "\ndef run(depth):\n    return DepthNet(depth)\n\ndef depth_study():\n    run(2)\n    run(4)\n    run(6)\n"
        },
        {
            "shallow": "depth.py:DepthNet(n_layers=2)",
            "medium": "depth.py:DepthNet(n_layers=4)",
            "deep": "depth.py:DepthNet(n_layers=6)",
            "depth_residual": None,
        },
    ),
    HandedIn(
        "depths without any call",
        {"depth.py": HEAD + DEPTH},
        {"shallow": "depth.py:DepthNet(", "medium": "depth.py:DepthNet(n_layers=4)", "deep": "depth.py:DepthNet(n_layers=6)"},
    ),
    HandedIn(
        "dropout alone tells plain from regularised",
        {"nets.py": HEAD + res("CifarNet", channels=3) + "\ndef compare():\n    return CifarNet(3, drop=0.0), CifarNet(3, drop=0.4)\n"},
        {"rescnn_cifar": "nets.py:CifarNet(in_ch=3, drop=0.0)", "regrescnn_cifar": "nets.py:CifarNet(in_ch=3, drop=0.4)"},
    ),
    HandedIn(
        "a class with many flags",
        {
            "depth.py": HEAD
            + BLOCK
            + "class Net(nn.Module):\n    def __init__(self, residual=False):\n        super().__init__()\n        self.stem = nn.Conv2d(3, 8, 3, padding=1)\n        convs = [nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()) for _ in range(6)]\n        self.body = nn.Sequential(ResBlock(8), ResBlock(8)) if residual else nn.Sequential(*convs)\n        self.head = nn.Linear(8, 10)\n\n    def forward(self, x):\n        return self.head(self.body(F.relu(self.stem(x))).mean((2, 3)))\n\ndef depth_experiment():\n    return Net(), Net(residual=True)\n"
        },
        {"depth_residual": "depth.py:Net(residual=True)", "deep": "depth.py:Net("},
    ),
    # --- made otherwise
    HandedIn(
        "a factory that returns nn.Sequential",
        {
            "nets.py": HEAD
            + "def make_cnn():\n    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))\n"
        },
        {"cnn_mnist": "nets.py:make_cnn"},
    ),
    HandedIn(
        "classes under the main guard",
        {"nets.py": HEAD + "if __name__ == '__main__':\n" + "\n".join("    " + line for line in cnn().splitlines())},
        {"cnn_mnist": "nets.py:Convolutional"},
    ),
    HandedIn(
        "a class inside a function",
        {
            "nets.py": HEAD
            + "def experiment():\n"
            + "\n".join("    " + line for line in cnn().splitlines())
            + "\n    return Convolutional()\n"
        },
        {"cnn_mnist": "nets.py:experiment.Convolutional"},
    ),
    HandedIn(
        "a class commented out",
        {"nets.py": HEAD + cnn() + "\n".join("# " + line for line in res("Gone").splitlines()) + "\n"},
        {"cnn_mnist": "nets.py:Convolutional", "rescnn_mnist": None},
    ),
    HandedIn(
        "networks made from a configuration",
        {
            "nets.py": HEAD
            + "class Net(nn.Module):\n    def __init__(self, layers=None):\n        super().__init__()\n        size, parts = 784, [nn.Flatten()]\n        for each in layers or [{'type': 'linear', 'size': 10}]:\n            if each['type'] == 'linear':\n                parts.append(nn.Linear(size, each['size']))\n                size = each['size']\n            else:\n                parts.append(nn.ReLU())\n        self.body = nn.Sequential(*parts)\n\n    def forward(self, x):\n        return self.body(x)\n\nCONFIG = [{'type': 'linear', 'size': 128}, {'type': 'relu'}, {'type': 'linear', 'size': 64}, {'type': 'relu'}, {'type': 'linear', 'size': 10}]\n\ndef run():\n    return Net(layers=CONFIG)\n"
        },
        {"fc_mnist": "nets.py:Net(layers=[{'type': 'linear', 'size': 128}"},
    ),
    HandedIn(
        "a block class that is passed in",
        {
            "nets.py": HEAD
            + BLOCK
            + "class Net(nn.Module):\n    def __init__(self, block):\n        super().__init__()\n        self.stem, self.block, self.head = nn.Conv2d(3, 16, 3, padding=1), block(16), nn.Linear(16, 10)\n        self.more = block(16)\n\n    def forward(self, x):\n        return self.head(self.more(self.block(self.stem(x))).mean((2, 3)))\n\ndef main():\n    return Net(ResBlock)\n"
        },
        {"rescnn_cifar": "nets.py:Net(block=ResBlock)"},
    ),
    HandedIn(
        "a lazy layer", {"nets.py": HEAD + cnn().replace("nn.Linear(16, 10)", "nn.LazyLinear(10)")}, {"cnn_mnist": "nets.py:Convolutional"}
    ),
    HandedIn(
        "the same name in two files",
        {"models/a.py": HEAD + cnn("Net"), "models/b.py": HEAD + res("Net")},
        {"cnn_mnist": "models/a.py:Net", "rescnn_mnist": "models/b.py:Net"},
    ),
    # --- layers and blocks
    HandedIn(
        "an activation as a bare autograd.Function",
        {
            "layers.py": HEAD
            + "class Gate(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n        ctx.save_for_backward(x)\n        return x * torch.sigmoid(1.7 * x)\n\n    @staticmethod\n    def backward(ctx, g):\n        (x,) = ctx.saved_tensors\n        s = torch.sigmoid(1.7 * x)\n        return g * (s + 1.7 * x * s * (1 - s))\n"
        },
        {"activation": "layers.py:Gate"},
    ),
    HandedIn(
        "an activation that is a plain function",
        {"layers.py": HEAD + "def my_activation(x):\n    return x * torch.tanh(F.softplus(2 * x))\n"},
        {"activation": "layers.py:my_activation"},
    ),
    HandedIn(
        "an attention that is an identity at the start",
        {
            "layers.py": HEAD
            + "class SelfAttention(nn.Module):\n    def __init__(self, channels):\n        super().__init__()\n        self.q, self.k, self.v = (nn.Conv2d(channels, channels, 1) for _ in range(3))\n        self.gamma = nn.Parameter(torch.zeros(1))\n\n    def forward(self, x):\n        n, c, h, w = x.shape\n        q, k, v = (f(x).flatten(2) for f in (self.q, self.k, self.v))\n        weights = torch.softmax(q.transpose(1, 2) @ k / c ** 0.5, -1)\n        return x + self.gamma * (v @ weights.transpose(1, 2)).reshape(n, c, h, w)\n"
        },
        {"attention": "layers.py:SelfAttention"},
    ),
    HandedIn(
        "an attention that needs many channels",
        {
            "layers.py": HEAD
            + "class SEBlock(nn.Module):\n    def __init__(self, ch, reduction=16):\n        super().__init__()\n        self.fc = nn.Sequential(nn.Linear(ch, ch // reduction), nn.ReLU(), nn.Linear(ch // reduction, ch), nn.Sigmoid())\n\n    def forward(self, x):\n        return x * self.fc(x.mean((2, 3)))[:, :, None, None]\n"
        },
        {"attention": "layers.py:SEBlock"},
    ),
    HandedIn(
        "a pooling without a default",
        {
            "layers.py": HEAD
            + "class MixPool(nn.Module):\n    def __init__(self, kernel_size):\n        super().__init__()\n        self.k = kernel_size\n\n    def forward(self, x):\n        return 0.5 * F.max_pool2d(x, self.k) + 0.5 * F.avg_pool2d(x, self.k)\n"
        },
        {"pooling": "layers.py:MixPool"},
    ),
    HandedIn(
        "a convolution with logic of its own",
        {
            "layers.py": HEAD
            + "class MyConv(nn.Module):\n    def __init__(self, in_channels, out_channels, kernel_size=3):\n        super().__init__()\n        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=1)\n        self.scale = nn.Parameter(torch.ones(out_channels, 1, 1))\n\n    def forward(self, x):\n        y = self.conv(x) * self.scale\n        return y * torch.sigmoid(y)\n"
        },
        {"custom_conv": "layers.py:MyConv"},
    ),
    HandedIn(
        "blocks of one argument, of four, with a factor",
        {
            "blocks.py": HEAD
            + BLOCK
            + "class Narrow(nn.Module):\n    def __init__(self, in_planes, planes, stride=1):\n        super().__init__()\n        out = 4 * planes\n        self.a, self.b, self.c = nn.Conv2d(in_planes, planes, 1), nn.Conv2d(planes, planes, 3, stride, 1), nn.Conv2d(planes, out, 1)\n        self.skip = nn.Conv2d(in_planes, out, 1, stride)\n\n    def forward(self, x):\n        return F.relu(self.c(F.relu(self.b(F.relu(self.a(x))))) + self.skip(x))\n\nclass Wide(nn.Module):\n    def __init__(self, ch, factor):\n        super().__init__()\n        self.a, self.b = nn.Conv2d(ch, ch * factor, 3, padding=1), nn.Conv2d(ch * factor, ch, 3, padding=1)\n\n    def forward(self, x):\n        return F.relu(self.b(F.relu(self.a(x))) + x)\n"
        },
        {"basic_block": "blocks.py:ResBlock", "bottleneck_block": "blocks.py:Narrow", "wide_block": "blocks.py:Wide"},
    ),
    HandedIn(
        "a block that is wide by name only",
        {"blocks.py": HEAD + BLOCK.replace("ResBlock", "WideBlock") + BLOCK},
        {"basic_block": "blocks.py:ResBlock"},
    ),
    # --- defects that run
    HandedIn("a residual network without a residual", {"nets.py": HEAD + cnn("ResNetMNIST")}, {"rescnn_mnist": None}),
    HandedIn(
        "a flag that does nothing",
        {"depth.py": HEAD + DEPTH.replace("n_layers=2", "n_layers=6, use_residual=False") + "\ndef run():\n    return DepthNet(6, True)\n"},
        {"deep": "depth.py:DepthNet("},
    ),
    HandedIn(
        "no regularised network, a plain one with dropout",
        {
            "nets.py": HEAD
            + cnn("CifarDropout")
            .replace("self.head(F", "self.head(F.dropout(F")
            .replace(".mean((2, 3)))", ".mean((2, 3)), 0.3, self.training))")
            .replace("channels=1", "channels=3")
        },
        {"regrescnn_cifar": None},
    ),
    # --- files that cannot be imported as they are
    HandedIn(
        "training at import", {"nets.py": HEAD + cnn() + TRAINING.format(call="Convolutional()")}, {"cnn_mnist": "nets.py:Convolutional"}
    ),
    HandedIn(
        "packages that are not there",
        {"nets.py": "import seaborn as sns\nfrom tqdm import tqdm\nimport wandb\n" + HEAD + cnn()},
        {"cnn_mnist": "nets.py:Convolutional"},
    ),
    HandedIn(
        "a log file under a path that is not there",
        {"nets.py": "import logging\nlogging.basicConfig(filename='somewhere/else/run.log')\n" + HEAD + cnn()},
        {"cnn_mnist": "nets.py:Convolutional"},
    ),
    HandedIn(
        "syntax of a newer Python in another function",
        {"nets.py": HEAD + cnn() + '\ndef show(d):\n    print(f"{d["a"]}")\n'},
        {"cnn_mnist": "nets.py:Convolutional"},
    ),
    HandedIn(
        "an import from the repository's own folder",
        {
            "models/nets.py": HEAD + "from layers import ResBlock\n" + RES.format(name="Residual", channels=1, drop=0.0),
            "models/layers.py": HEAD + BLOCK,
        },
        {"rescnn_mnist": "models/nets.py:Residual"},
    ),
    HandedIn(
        "a folder and a file with Russian words", {"модели/сети.py": HEAD + cnn("ПростаяСеть")}, {"cnn_mnist": "модели/сети.py:ПростаяСеть"}
    ),
    HandedIn(
        "code in Windows-1251",
        {"nets.py": "# -*- coding: cp1251 -*-\n# Сеть для MNIST\n" + HEAD + cnn()},
        {"cnn_mnist": "nets.py:Convolutional"},
    ),
    # --- notebooks, places
    HandedIn(
        "a notebook instead of files",
        {"homework_cnn_vs_fc_comparison.ipynb": notebook("import torch\nfrom torch import nn\nimport torch.nn.functional as F\n", cnn())},
        {"cnn_mnist": "homework_cnn_vs_fc_comparison.ipynb:Convolutional"},
    ),
    HandedIn(
        "magics and shell lines",
        {"work.ipynb": notebook("!pip install torchsummary\n%matplotlib inline\n" + HEAD, "%%time\n" + cnn())},
        {"cnn_mnist": "work.ipynb:Convolutional"},
    ),
    HandedIn(
        "a notebook that trains between its classes",
        {"work.ipynb": notebook(HEAD, cnn(), TRAINING.format(call="Convolutional()"), res("Residual"))},
        {"cnn_mnist": "work.ipynb:Convolutional", "rescnn_mnist": "work.ipynb:Residual"},
    ),
    HandedIn(
        "in a lesson's folder",
        {"lesson4/models/cnn_models.py": HEAD + cnn(), "lesson1/a.py": "print('hello')\n", "README.md": "course"},
        {"cnn_mnist": "models/cnn_models.py:Convolutional"},
    ),
)
