"""Submissions in which the student's own calls say what fills a role: through configurations, registries and studies of one class.

All code here was written for the tests. A role that is None must be filled by nothing.
"""

from __future__ import annotations

from tests.discovery.handed_in import DEPTH, HEAD, KERNELS, HandedIn, cnn

CONFIGURED = """
from dataclasses import dataclass, field, replace

@dataclass
class NetConfig:
    kernel: int = 3
    depth: int = 2
    channels: int = 3
    drop: float = 0.0
    tags: list = field(default_factory=list)

class Net(nn.Module):
    def __init__(self, cfg: NetConfig):
        super().__init__()
        sides = [cfg.channels] + [8] * cfg.depth
        convs = [nn.Conv2d(a, b, cfg.kernel, padding=cfg.kernel // 2) for a, b in zip(sides, sides[1:])]
        self.body = nn.Sequential(*(part for conv in convs for part in (conv, nn.ReLU())))
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))
"""
REGISTRY = """
NETS = {}

def register(name, **settings):
    def keep(make):
        NETS[name] = (make, settings)
        return make
    return keep
"""
ANY_NET = """
class Net(nn.Module):
    def __init__(self, channels=3, side=3, count=2):
        super().__init__()
        sides = [channels] + [8] * count
        convs = [nn.Conv2d(a, b, side, padding=side // 2) for a, b in zip(sides, sides[1:])]
        self.body = nn.Sequential(*(part for conv in convs for part in (conv, nn.ReLU())))
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))
"""
DEPTHS_BY_PARTIAL = """
register('depth/shallow')(partial(Net, 3, 3, 2))
register('depth/medium')(partial(Net, 3, 3, 4))
register('depth/deep')(partial(Net, 3, 3, 7))
"""
DEPTHS_BY_KEY = """
depth_models = {}
depth_models['first'] = DepthNet(2)
depth_models['second'] = DepthNet(4)
depth_models['third'] = DepthNet(9)
"""
SKIPPING = """
class DepthNet(nn.Module):
    def __init__(self, n, skip_every=0):
        super().__init__()
        self.skip_every = skip_every
        self.stem, self.head = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(8, 10)
        self.links = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(n - 1))

    def forward(self, x):
        x = kept = F.relu(self.stem(x))
        for at, link in enumerate(self.links, 1):
            x = link(F.relu(x))
            if self.skip_every and at % self.skip_every == 0:
                x = kept = x + kept
        return self.head(x.mean((2, 3)))

plain, skipping = DepthNet(9), DepthNet(9, skip_every=2)
"""
GATED = """
class {name}(nn.Module):
    def __init__(self, c_in, c_out, k=3):
        super().__init__()
        self.f, self.g = nn.Conv2d(c_in, c_out, k, padding=k // 2), nn.Conv2d(c_in, c_out, k, padding=k // 2)

    def forward(self, x):
        return self.f(x) * torch.sigmoid(self.g(x))
"""
STANDARDISED = """
class Standardised(nn.Conv2d):
    def forward(self, x):
        w = self.weight
        w = (w - w.mean((1, 2, 3), keepdim=True)) / (w.std((1, 2, 3), keepdim=True) + 1e-5)
        return F.conv2d(x, w, self.bias, self.stride, self.padding)
"""
HELPER = """
class Unit(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.conv, self.more = nn.Conv2d(c_in, c_out, 3, padding=1), nn.Conv2d(c_out, c_out, 3, padding=1)

    def forward(self, x):
        x = self.more(F.relu(self.conv(x)))
        return x * torch.sigmoid(x)
"""

SUBMISSIONS = (
    # --- settings in a dataclass
    HandedIn(
        "a dataclass as the constructor's argument",
        {
            "nets.py": HEAD + CONFIGURED,
            "kernel_study.py": "from nets import Net, NetConfig\n\nmodels = {f'{k}x{k}': Net(NetConfig(kernel=k)) for k in (3, 5, 7)}\n",
        },
        {role: f"nets.py:Net(cfg=NetConfig(kernel={role[1]}, depth=2" for role in ("k3", "k5", "k7")},
    ),
    HandedIn(
        "a dataclass that is changed for each variant",
        {
            "nets.py": HEAD + CONFIGURED,
            "depth_study.py": "from dataclasses import replace\nfrom nets import Net, NetConfig\n\nBASE = NetConfig(kernel=3)\n"
            "for name, depth in [('shallow', 2), ('medium', 4), ('deep', 6)]:\n    model = Net(replace(BASE, depth=depth))\n",
        },
        {role: f"nets.py:Net(cfg=NetConfig(kernel=3, depth={depth}" for role, depth in (("shallow", 2), ("medium", 4), ("deep", 6))},
    ),
    # --- registries
    HandedIn(
        "a registry that is called with a partial",
        {"nets.py": "from functools import partial\n" + HEAD + REGISTRY + ANY_NET + DEPTHS_BY_PARTIAL},
        {role: f"nets.py:Net(channels=3, side=3, count={count})" for role, count in (("shallow", 2), ("medium", 4), ("deep", 7))},
    ),
    HandedIn(
        "decorators that give a class its arguments",
        {
            "nets.py": HEAD
            + REGISTRY
            + "\n@register('kernel 3', side=3)\n@register('kernel 5', side=5)\n@register(name='kernel 7', side=7, note=1)"
            + ANY_NET
        },
        {"k3": "nets.py:Net(side=3)", "k5": "nets.py:Net(side=5)", "k7": "nets.py:Net(side=7)"},
    ),
    HandedIn(
        "decorators of a factory that takes anything",
        {
            "nets.py": HEAD
            + REGISTRY
            + ANY_NET
            + "\n@register('depth shallow', count=2)\n@register('depth medium', count=4)\n@register('depth deep', count=6)\n"
            + "def make(**settings):\n    torch.manual_seed(0)\n    return Net(**settings)\n"
        },
        {"shallow": "nets.py:make(count=2)", "medium": "nets.py:make(count=4)", "deep": "nets.py:make(count=6)"},
    ),
    # --- studies of one class
    HandedIn(
        "a study by a class that is used elsewhere, too",
        {
            "nets.py": HEAD + ANY_NET,
            "mnist.py": "from nets import Net\n\nmodel = Net(1)\n",
            "other.py": "from nets import Net\n\nfor count in (2, 4, 6):\n    model = Net(3, 3, count)\n",
        },
        {
            "cnn_mnist": "nets.py:Net(channels=1",
            **{role: f"nets.py:Net(channels=3, side=3, count={count})" for role, count in (("shallow", 2), ("medium", 4), ("deep", 6))},
        },
    ),
    HandedIn(
        "a table of networks that is filled key by key",
        {"depth.py": HEAD + DEPTH + DEPTHS_BY_KEY},
        {"shallow": "depth.py:DepthNet(n_layers=2)", "medium": "depth.py:DepthNet(n_layers=4)", "deep": "depth.py:DepthNet(n_layers=9)"},
    ),
    HandedIn(
        "two sizes of a kernel study and no third",
        {"kernels.py": HEAD + KERNELS + "\ndef kernel_study():\n    return KernelNet(3), KernelNet(5)\n"},
        {"k3": "kernels.py:KernelNet(k=3)", "k5": "kernels.py:KernelNet(k=5)", "k7": None},
    ),
    HandedIn(
        "a depth that no guess would give",
        {"depth.py": HEAD + DEPTH + "\nmodels = {f'{n} conv': DepthNet(n) for n in (2, 4, 11)}\n"},
        {"deep": "depth.py:DepthNet(n_layers=11)"},
    ),
    HandedIn(
        "calls that differ in what changes no parameter",
        {"depth.py": HEAD + SKIPPING},
        {"deep": "depth.py:DepthNet(n=9)", "depth_residual": "depth.py:DepthNet(n=9, skip_every=2)"},
    ),
    # --- convolutions with logic of their own
    HandedIn("a convolution with a gate", {"work.py": HEAD + GATED.format(name="Doored")}, {"custom_conv": "work.py:Doored"}),
    HandedIn("a convolution with standardised weights", {"work.py": HEAD + STANDARDISED}, {"custom_conv": "work.py:Standardised"}),
    HandedIn("two convolutions and an activation are no custom layer", {"work.py": HEAD + HELPER + cnn()}, {"custom_conv": None}),
)
