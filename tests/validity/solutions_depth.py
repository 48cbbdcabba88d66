"""Studies of depth in other tastes: 2, 4, and 6 or more convolutions, and a network with residual connections."""

from __future__ import annotations

from tests.validity.solutions_base import Solution, numbered

CRITERIA = ("2.2.shallow.network", "2.2.medium.network", "2.2.deep.network", "2.2.depth_residual.network", "2.2.learn")
POOLED = "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))"
PAIRS = """
        for i, layer in enumerate(self.layers, 1):
            skip = x if i % 2 == 0 else skip
            x = layer(x)
            if self.residual and i > 1 and i % 2 == 1:
                x = x + skip
            if i == 1:
                x = self.pool(x)
"""
SINGLES = """
        for i, layer in enumerate(self.layers, 1):
            y = layer(x)
            x = x + y if self.residual and i > 1 else y
            if i == 1:
                x = self.pool(x)
"""


def study(code: str, deep: int = 6, residual: str = "depth=6, residual=True") -> Solution:
    """Net(depth, residual) for the four roles."""
    roles = {"shallow": "Net(depth=2)", "medium": "Net(depth=4)", "deep": f"Net(depth={deep})", "depth_residual": f"Net({residual})"}
    return Solution("", "depth", code, roles, CRITERIA)


def layered(layer: str, *, width: int = 32, stem: str = "", pool: str = "nn.MaxPool2d(2)", head: str = POOLED, skips: str = PAIRS) -> str:
    """A strided first layer, then equal ones, a pool behind the second; where there are shortcuts, around pairs."""
    stem = stem or layer.replace("width, width, 3, padding=1", "3, width, 3, stride=2, padding=1")
    return f"""
class Net(nn.Module):
    def __init__(self, depth, residual=False, width={width}):
        super().__init__()
        self.residual = residual
        self.stem = {stem}
        self.layers = nn.ModuleList([{layer} for _ in range(depth - 1)])
        self.pool = {pool}
        self.head = {head}
    def forward(self, x):
        x = skip = self.stem(x){skips.rstrip()}
        return self.head(x)
"""


CONV = "nn.Conv2d(width, width, 3, padding=1)"

SOLUTIONS = numbered("depth", {
    "plain": study(layered(f"nn.Sequential({CONV}, nn.ReLU())")),
    "norm": study(layered(f"nn.Sequential({CONV}, nn.BatchNorm2d(width), nn.ReLU())")),
    "norm_singles": study(layered(f"nn.Sequential({CONV}, nn.BatchNorm2d(width), nn.ReLU())", width=24, skips=SINGLES)),
    "group_norm": study(layered(f"nn.Sequential({CONV}, nn.GroupNorm(4, width), nn.GELU())", skips=SINGLES)),
    "leaky_eight": study(layered(f"nn.Sequential({CONV}, nn.LeakyReLU(0.1))", width=40), deep=8, residual="depth=8, residual=True"),
    "elu": study(layered(f"nn.Sequential({CONV}, nn.ELU())", pool="nn.AvgPool2d(2)")),
    "silu_norm_ten": study(
        layered(f"nn.Sequential({CONV}, nn.BatchNorm2d(width), nn.SiLU())", width=24), deep=10, residual="depth=10, residual=True"),
    "flat_head": study(
        layered(f"nn.Sequential({CONV}, nn.ReLU())", head="nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(width * 64, 10))")),
    "two_by_two_head": study(
        layered(f"nn.Sequential({CONV}, nn.BatchNorm2d(width), nn.Mish())", width=28,
                head="nn.Sequential(nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(width * 4, 10))")),
    "large_stem": study(
        layered(f"nn.Sequential({CONV}, nn.BatchNorm2d(width), nn.ReLU())", width=48,
                stem="nn.Sequential(nn.Conv2d(3, width, 7, stride=2, padding=3), nn.BatchNorm2d(width), nn.ReLU())")),
    "instance_norm": study(layered(f"nn.Sequential({CONV}, nn.InstanceNorm2d(width, affine=True), nn.ReLU())")),
    "pre_activation": study("""
class Layer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(width), nn.Conv2d(width, width, 3, padding=1, bias=False)
    def forward(self, x):
        return self.conv(torch.relu(self.norm(x)))

class Net(nn.Module):
    def __init__(self, depth, residual=False, width=32):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 4, stride=4)
        self.layers, self.residual = nn.ModuleList(Layer(width) for _ in range(depth - 1)), residual
        self.norm, self.fc = nn.BatchNorm2d(width), nn.Linear(width, 10)
    def forward(self, x):
        x = self.conv(x)
        for layer in self.layers:
            x = layer(x) + x if self.residual else layer(x)
        return self.fc(torch.relu(self.norm(x)).mean((2, 3)))
"""),
    "vgg": study("""
def conv(a, b):
    return [nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True)]

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(*conv(width, width), *conv(width, width)[:2])
    def forward(self, x):
        return F.relu(x + self.body(x))

class Net(nn.Sequential):
    \"\"\"Depths 2, 4, 6 have one, two, three stages of two convolutions; the residual one has blocks instead.\"\"\"
    def __init__(self, depth, residual=False):
        channels, layers = 3, []
        for stage in range(depth // 2):
            width = 16 * 2**stage
            layers += [*conv(channels, width), *([Block(width)] if residual else conv(width, width)), nn.MaxPool2d(2)]
            channels = width
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
"""),
    "functional": study("""
class Net(nn.Module):
    def __init__(self, depth, residual=False):
        super().__init__()
        widths = [3] + [24 + 8 * i for i in range(depth)]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(widths, widths[1:]))
        self.bns = nn.ModuleList(nn.BatchNorm2d(b) for b in widths[1:])
        for conv in self.convs:
            nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
        self.residual, self.out = residual, nn.Linear(widths[-1], 10)
    def forward(self, x):
        for i, (conv, bn) in enumerate(zip(self.convs, self.bns)):
            out = bn(conv(x))
            if self.residual and i > 0:
                out = out + F.pad(x, (0, 0, 0, 0, 0, out.shape[1] - x.shape[1]))
            x = F.relu(out)
            if i < 2:
                x = F.max_pool2d(x, 2)
        return self.out(F.adaptive_avg_pool2d(x, (1, 1)).flatten(1))
"""),
    "separate_classes": Solution("", "", """
class Shallow(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 32, 5, 2, 2), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 64, 3, 2, 1), nn.BatchNorm2d(64), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))

class Medium(nn.Sequential):
    def __init__(self):
        layers = []
        for a, b, stride in ((3, 24, 2), (24, 24, 1), (24, 48, 2), (48, 48, 1)):
            layers += [nn.Conv2d(a, b, 3, stride, 1), nn.BatchNorm2d(b), nn.PReLU(b)]
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, 10))

class Deep(nn.Sequential):
    def __init__(self):
        layers = []
        for a, b, stride in ((3, 16, 2), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 1)):
            layers += [nn.Conv2d(a, b, 3, stride, 1), nn.BatchNorm2d(b), nn.PReLU(b)]
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))

class DeepResidual(nn.Module):
    def __init__(self):
        super().__init__()
        self.enter = nn.Sequential(nn.Conv2d(3, 32, 3, 2, 1), nn.BatchNorm2d(32), nn.PReLU(32))
        self.skip = nn.Conv2d(32, 64, 1, 2)
        self.body = nn.Sequential(
            nn.Conv2d(32, 32, 3, 1, 1), nn.BatchNorm2d(32), nn.PReLU(32), nn.Conv2d(32, 64, 3, 2, 1), nn.BatchNorm2d(64))
        self.more = nn.Sequential(
            nn.Conv2d(64, 64, 3, 1, 1), nn.BatchNorm2d(64), nn.PReLU(64), nn.Conv2d(64, 64, 3, 1, 1), nn.BatchNorm2d(64))
        self.act, self.fc = nn.PReLU(64), nn.Linear(64, 10)
    def forward(self, x):
        x = self.enter(x)
        x = self.act(self.body(x) + self.skip(x))
        x = self.act(self.more(x) + x)
        return self.fc(x.mean((2, 3)))
""", {"shallow": "Shallow", "medium": "Medium", "deep": "Deep", "depth_residual": "DeepResidual"}, CRITERIA),
})  # fmt: skip
