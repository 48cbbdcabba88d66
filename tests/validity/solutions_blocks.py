"""Residual blocks of other tastes, three to a file: basic, bottleneck and wide."""

from __future__ import annotations

from tests.validity.solutions_base import CONTRACT, Solution, numbered

ROLES = ("basic_block", "bottleneck_block", "wide_block")
CRITERIA = (*(f"3.2.{role}.block" for role in ROLES), "3.2.learn")


def three(code: str) -> Solution:
    """One file with the three blocks, under the names of the contract."""
    return Solution("", "blocks", code, {role: CONTRACT[role] for role in ROLES}, CRITERIA)


def joined(base: str, basic: str, bottleneck: str, wide: str) -> Solution:
    """Three branches in one base class, ``Joined(branch, in_channels, out_channels, stride)``."""
    blocks = (("BasicBlock", basic), ("BottleneckBlock", bottleneck), ("WideBlock", wide))
    code = "".join(f"""

class {name}(Joined):
    def __init__(self, in_channels, out_channels, stride=1):
        a, b = in_channels, out_channels
        super().__init__(nn.Sequential({branch}), a, b, stride)
""" for name, branch in blocks)  # fmt: skip
    return three(base.rstrip() + code)


PADDED = """
class Joined(nn.Module):
    \"\"\"The shortcut has no parameters: it skips pixels and adds empty channels.\"\"\"
    def __init__(self, branch, a, b, stride):
        super().__init__()
        self.branch, self.stride, self.more = branch, stride, b - a
    def forward(self, x):
        skip = x[:, :, :: self.stride, :: self.stride]
        if self.more:
            skip = F.pad(skip, (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))
        return F.leaky_relu(self.branch(x) + skip, 0.1)

def cb(a, b, k, s=1):
    return nn.Sequential(nn.Conv2d(a, b, k, s, k // 2, bias=False), nn.BatchNorm2d(b))
"""
GROUPS = """
class Joined(nn.Module):
    def __init__(self, branch, a, b, stride):
        super().__init__()
        self.branch = branch
        shortcut = [nn.AvgPool2d(stride)] if stride > 1 else []
        shortcut += [nn.Conv2d(a, b, 1), nn.GroupNorm(8, b)] if a != b else []
        self.shortcut = nn.Sequential(*shortcut)
    def forward(self, x):
        return F.gelu(self.shortcut(x) + self.branch(x))

def unit(a, b, k, s=1):
    return nn.Sequential(nn.Conv2d(a, b, k, s, padding=(k - 1) // 2), nn.GroupNorm(8, b))
"""
ZERO = """
class Joined(nn.Module):
    \"\"\"x + gain * branch(x), with a gain that starts at 0 (ReZero, Bachlechner et al. 2020).\"\"\"
    def __init__(self, branch, a, b, stride):
        super().__init__()
        self.branch, self.gain = branch, nn.Parameter(torch.zeros(1))
        self.shortcut = nn.Conv2d(a, b, 1, stride) if (a, stride) != (b, 1) else nn.Identity()
    def forward(self, x):
        return self.shortcut(x) + self.gain * self.branch(x)

def c(a, b, k, s=1):
    return nn.Conv2d(a, b, k, s, k // 2)
"""
GATES = """
class ChannelGate(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(width, width // 4), nn.ReLU(), nn.Linear(width // 4, width), nn.Sigmoid())
    def forward(self, x):
        return x * self.fc(x.mean((2, 3)))[:, :, None, None]

class Joined(nn.Module):
    def __init__(self, branch, a, b, stride):
        super().__init__()
        self.branch, self.gate = branch, ChannelGate(b)
        self.skip = nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), nn.BatchNorm2d(b)) if stride > 1 or a != b else nn.Identity()
    def forward(self, x):
        return torch.relu(self.gate(self.branch(x)) + self.skip(x))

def cn(a, b, k, s=1, groups=1):
    return nn.Sequential(nn.Conv2d(a, b, k, s, k // 2, groups=groups, bias=False), nn.BatchNorm2d(b))
"""

SOLUTIONS = numbered("blocks", {
    "torchvision": three("""
class BasicBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels))
    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)

class BottleneckBlock(nn.Module):
    expansion = 4
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        planes = out_channels // self.expansion
        self.conv1, self.bn1 = nn.Conv2d(in_channels, planes, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)
        self.downsample = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels))
    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = F.relu(self.bn2(self.conv2(out)))
        return F.relu(self.bn3(self.conv3(out)) + self.downsample(x))

class WideBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1, widen_factor=2, dropout=0.1):
        super().__init__()
        width = out_channels * widen_factor
        self.bn1, self.conv1 = nn.BatchNorm2d(in_channels), nn.Conv2d(in_channels, width, 3, stride, 1)
        self.bn2, self.conv2 = nn.BatchNorm2d(width), nn.Conv2d(width, out_channels, 3, 1, 1)
        self.dropout = nn.Dropout(dropout)
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Conv2d(in_channels, out_channels, 1, stride)
    def forward(self, x):
        out = self.conv1(F.relu(self.bn1(x)))
        out = self.conv2(self.dropout(F.relu(self.bn2(out))))
        return out + self.shortcut(x)
"""),
    "pre_activation": three("""
class PreActivation(nn.Module):
    \"\"\"norm, ReLU, convolution; the shortcut of a block that changes the shape starts behind the first ReLU.\"\"\"
    def __init__(self, widths, kernels, stride):
        super().__init__()
        at = kernels.index(3)
        self.norms = nn.ModuleList(nn.BatchNorm2d(a) for a in widths[:-1])
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, k, stride if i == at else 1, k // 2, bias=False)
            for i, (a, b, k) in enumerate(zip(widths, widths[1:], kernels)))
        self.project = None
        if stride > 1 or widths[0] != widths[-1]:
            self.project = nn.Conv2d(widths[0], widths[-1], 1, stride, bias=False)
    def forward(self, x):
        out = F.relu(self.norms[0](x))
        skip = x if self.project is None else self.project(out)
        out = self.convs[0](out)
        for norm, conv in zip(self.norms[1:], self.convs[1:]):
            out = conv(F.relu(norm(out)))
        return out + skip

class BasicBlock(PreActivation):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__([in_channels, out_channels, out_channels], [3, 3], stride)

class BottleneckBlock(PreActivation):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__([in_channels, out_channels // 4, out_channels // 4, out_channels], [1, 3, 1], stride)

class WideBlock(PreActivation):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__([in_channels, 4 * in_channels, out_channels], [3, 3], stride)
"""),
    "padded_shortcut": joined(
        PADDED,
        "cb(a, b, 3, stride), nn.LeakyReLU(0.1), cb(b, b, 3)",
        "cb(a, b // 2, 1), nn.LeakyReLU(0.1), cb(b // 2, b // 2, 3, stride), nn.LeakyReLU(0.1), cb(b // 2, b, 1)",
        "cb(a, 2 * b, 3), nn.LeakyReLU(0.1), cb(2 * b, b, 3, stride)"),
    "group_norm": joined(
        GROUPS,
        "unit(a, b, 3, stride), nn.GELU(), unit(b, b, 3)",
        "unit(a, b // 4, 1), nn.GELU(), unit(b // 4, b // 4, 3, stride), nn.GELU(), unit(b // 4, b, 1)",
        "unit(a, 3 * b, 3, stride), nn.GELU(), unit(3 * b, b, 3)"),
    "rezero": joined(
        ZERO,
        "c(a, b, 3, stride), nn.SiLU(), c(b, b, 3), nn.SiLU()",
        "c(a, b // 4, 1), nn.SiLU(), c(b // 4, b // 4, 3, stride), nn.SiLU(), c(b // 4, b, 1), nn.SiLU()",
        "c(a, 2 * b, 3, stride), nn.SiLU(), c(2 * b, b, 3), nn.SiLU()"),
    "squeeze_excite": joined(
        GATES,
        "cn(a, b, 3, stride), nn.ELU(), cn(b, b, 3)",
        "cn(a, b // 2, 1), nn.ELU(), cn(b // 2, b // 2, 3, stride, groups=4), nn.ELU(), cn(b // 2, b, 1)",
        "cn(a, 2 * b, 3, stride), nn.ELU(), nn.Dropout2d(0.05), cn(2 * b, b, 3)"),
})  # fmt: skip
