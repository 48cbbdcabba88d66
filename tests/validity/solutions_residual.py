"""Residual CNNs of other tastes: one class per file, built for MNIST, for CIFAR-10, and with dropout."""

from __future__ import annotations

from tests.validity.solutions_base import Solution, numbered

CRITERIA = (
    "1.1.rescnn_mnist.network", "1.1.rescnn_mnist.accuracy", "1.1.trainable",
    "1.2.rescnn_cifar.network", "1.2.rescnn_cifar.accuracy",
    "1.2.regrescnn_cifar.network", "1.2.regrescnn_cifar.regularisation", "1.2.regrescnn_cifar.accuracy", "1.2.trainable",
)  # fmt: skip


def three(code: str, mnist: str, cifar: str, regularised: str) -> Solution:
    """One file with the three networks."""
    return Solution("", "residual", code, {"rescnn_mnist": mnist, "rescnn_cifar": cifar, "regrescnn_cifar": regularised}, CRITERIA)


def with_channels(code: str, dropout: str = "dropout=0.2") -> Solution:
    """Net(channels, dropout)."""
    return three(code, "Net(channels=1)", "Net(channels=3)", f"Net(channels=3, {dropout})")


def blocks_of(block: str, widths: str = "16, 32, 64", stem: str = "nn.Conv2d(channels, WIDTH, 3, 2, 1)", end: str = "") -> Solution:
    """A block of one's own between a stem and global pooling."""
    stem = stem.replace("WIDTH", widths.split(",", 1)[0])
    return with_channels(f"""{block}

class Net(nn.Module):
    def __init__(self, channels=3, dropout=0.0, widths=({widths})):
        super().__init__()
        self.stem = {stem}
        self.blocks = nn.Sequential(*[Block(a, b, dropout / 2) for a, b in zip(widths, widths[1:])])
        self.end = nn.Sequential({end or f"nn.BatchNorm2d({widths.rsplit(',', 1)[1].strip()}), nn.ReLU()"})
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(widths[-1], 10))
    def forward(self, x):
        return self.head(self.end(self.blocks(self.stem(x))))
""")


SOLUTIONS = numbered("residual", {
    "resnet": with_channels("""
class BasicBlock(nn.Module):
    def __init__(self, a, b, stride, p):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b)
        self.conv2, self.bn2 = nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(p)
        self.downsample = None
        if stride > 1 or a != b:
            self.downsample = nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), nn.BatchNorm2d(b))
    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(self.drop(out)))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)

class Net(nn.Module):
    def __init__(self, channels, dropout=0.0):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.layer1 = BasicBlock(16, 16, 1, dropout)
        self.layer2 = BasicBlock(16, 32, 2, dropout)
        self.layer3 = BasicBlock(32, 64, 2, dropout)
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d((1, 1)), nn.Linear(64, 10)
    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(torch.flatten(self.avgpool(x), 1))
"""),
    "pre_activation": blocks_of("""
class Block(nn.Module):
    def __init__(self, a, b, p):
        super().__init__()
        self.n1, self.c1 = nn.BatchNorm2d(a), nn.Conv2d(a, b, 3, 2, 1, bias=False)
        self.n2, self.c2 = nn.BatchNorm2d(b), nn.Conv2d(b, b, 3, 1, 1, bias=False)
        self.skip, self.p = nn.Conv2d(a, b, 1, 2, bias=False), p
    def forward(self, x):
        y = F.relu(self.n1(x))
        z = self.c1(y)
        z = F.dropout(F.relu(self.n2(z)), self.p, self.training)
        return self.c2(z) + self.skip(y)
"""),
    "group_norm": blocks_of("""
class Block(nn.Module):
    def __init__(self, a, b, p):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(a, b, 3, 2, 1), nn.GroupNorm(8, b), nn.GELU(), nn.Dropout2d(p), nn.Conv2d(b, b, 3, 1, 1), nn.GroupNorm(8, b))
        self.skip = nn.Sequential(nn.AvgPool2d(2, ceil_mode=True), nn.Conv2d(a, b, 1))
    def forward(self, x):
        return F.gelu(self.body(x) + self.skip(x))
""", widths="24, 48, 96", end="nn.Identity()"),
    "padded_shortcut": blocks_of("""
class Block(nn.Module):
    \"\"\"Option A of the ResNet paper: no parameters on the shortcut.\"\"\"
    def __init__(self, a, b, p):
        super().__init__()
        self.more = b - a
        self.body = nn.Sequential(
            nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(), nn.Dropout(p),
            nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b))
    def forward(self, x):
        return F.relu(self.body(x) + F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.more)))
""", end="nn.Identity()"),
    "single_convolution_blocks": with_channels("""
class Residual(nn.Module):
    def __init__(self, fn):
        super().__init__()
        self.fn = fn
    def forward(self, x):
        return self.fn(x) + x

def conv_bn(a, b, kernel=3, stride=1, pool=False):
    layers = [nn.Conv2d(a, b, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, *([nn.MaxPool2d(2)] if pool else []))

class Net(nn.Module):
    \"\"\"After Page's ResNet-9.\"\"\"
    def __init__(self, channels, dropout=0.0):
        super().__init__()
        self.net = nn.Sequential(
            conv_bn(channels, 16), conv_bn(16, 32, pool=True),
            Residual(nn.Sequential(conv_bn(32, 32), conv_bn(32, 32))),
            conv_bn(32, 48, pool=True),
            Residual(nn.Sequential(conv_bn(48, 48), conv_bn(48, 48))),
            nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(48, 10))
    def forward(self, x):
        return self.net(x)
"""),
    "bottlenecks": blocks_of("""
class Block(nn.Module):
    def __init__(self, a, b, p, reduction=2):
        super().__init__()
        m = b // reduction
        self.reduce, self.spatial, self.expand = nn.Conv2d(a, m, 1), nn.Conv2d(m, m, 3, 2, 1), nn.Conv2d(m, b, 1)
        self.n1, self.n2, self.n3 = nn.BatchNorm2d(m), nn.BatchNorm2d(m), nn.BatchNorm2d(b)
        self.project = nn.Conv2d(a, b, 1, 2)
        self.drop = nn.Dropout2d(p)
    def forward(self, x):
        y = F.silu(self.n1(self.reduce(x)))
        y = F.silu(self.n2(self.spatial(y)))
        return F.silu(self.n3(self.expand(self.drop(y))) + self.project(x))
""", widths="32, 64, 128", end="nn.Identity()"),
    "maxpooled_stages": with_channels("""
class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.bn1, self.bn2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
    def forward(self, x):
        return F.leaky_relu(x + self.bn2(self.conv2(F.leaky_relu(self.bn1(self.conv1(x)), 0.1))), 0.1)

class Net(nn.Module):
    def __init__(self, channels, dropout=0.0):
        super().__init__()
        self.enter = nn.Sequential(nn.Conv2d(channels, 32, 5, padding=2), nn.LeakyReLU(0.1), nn.MaxPool2d(2))
        self.first, self.second = Block(32), Block(32)
        self.pool, self.drop = nn.MaxPool2d(2), nn.Dropout(dropout)
        self.fc = nn.LazyLinear(10)
    def forward(self, x):
        x = self.pool(self.first(self.enter(x)))
        x = self.pool(self.second(x))
        return self.fc(self.drop(x.flatten(1)))
"""),
    "zero_init": blocks_of("""
class Block(nn.Module):
    \"\"\"The last norm starts at 0, so that the block starts as its shortcut (Goyal et al. 2017).\"\"\"
    def __init__(self, a, b, p):
        super().__init__()
        last = nn.BatchNorm2d(b)
        nn.init.zeros_(last.weight)
        self.body = nn.Sequential(
            nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(), nn.Dropout2d(p),
            nn.Conv2d(b, b, 3, 2, 1, bias=False), last)
        self.skip = nn.Sequential(nn.Conv2d(a, b, 1, 2, bias=False), nn.BatchNorm2d(b))
    def forward(self, x):
        return torch.relu(torch.add(self.body(x), self.skip(x)))
""", widths="16, 32, 64", end="nn.Identity()"),
    "scaled_branch": blocks_of("""
class Block(nn.Module):
    \"\"\"A learnable scale on the branch, no norm at all.\"\"\"
    def __init__(self, a, b, p):
        super().__init__()
        self.first, self.second = nn.Conv2d(a, b, 3, 2, 1), nn.Conv2d(b, b, 3, 1, 1)
        self.skip = nn.Conv2d(a, b, 1, 2)
        self.scale = nn.Parameter(torch.tensor(0.5))
        self.drop = nn.Dropout(p)
        for conv in (self.first, self.second, self.skip):
            nn.init.kaiming_normal_(conv.weight)
            nn.init.zeros_(conv.bias)
    def forward(self, x):
        return self.skip(x) + self.scale * self.second(self.drop(F.relu(self.first(F.relu(x)))))
""", end="nn.ReLU()"),
    "convnext": with_channels("""
class Block(nn.Module):
    \"\"\"Depthwise 5x5, then two pointwise convolutions (after Liu et al. 2022).\"\"\"
    def __init__(self, width, p):
        super().__init__()
        self.depthwise, self.norm = nn.Conv2d(width, width, 5, padding=2, groups=width), nn.GroupNorm(1, width)
        self.up, self.down, self.drop = nn.Conv2d(width, 2 * width, 1), nn.Conv2d(2 * width, width, 1), nn.Dropout(p)
    def forward(self, x):
        return x + self.drop(self.down(F.gelu(self.up(self.norm(self.depthwise(x))))))

class Net(nn.Module):
    def __init__(self, channels, dropout=0.0):
        super().__init__()
        self.patches = nn.Conv2d(channels, 32, 4, stride=2, padding=1)
        self.stage1 = nn.Sequential(Block(32, dropout / 2), Block(32, dropout / 2))
        self.down = nn.Sequential(nn.GroupNorm(1, 32), nn.Conv2d(32, 64, 2, stride=2))
        self.stage2 = nn.Sequential(Block(64, dropout / 2), Block(64, dropout / 2))
        self.head = nn.Sequential(nn.LayerNorm(64), nn.Linear(64, 10))
    def forward(self, x):
        x = self.stage2(self.down(self.stage1(self.patches(x))))
        return self.head(x.mean((-2, -1)))
"""),
    "squeeze_excite": blocks_of("""
class Gate(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.net = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(width, width // 4, 1), nn.ReLU(), nn.Conv2d(width // 4, width, 1), nn.Sigmoid())
    def forward(self, x):
        return x * self.net(x)

class Block(nn.Module):
    def __init__(self, a, b, p):
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(), nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b),
            Gate(b), nn.Dropout2d(p))
        self.skip = nn.Sequential(nn.Conv2d(a, b, 1, 2, bias=False), nn.BatchNorm2d(b))
    def forward(self, x):
        return F.relu(self.branch(x) + self.skip(x))
""", end="nn.Identity()"),
    "module_list": with_channels("""
class Net(nn.Module):
    def __init__(self, channels, dropout=0.0, width=32, blocks=3):
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, stride=2, padding=1)
        self.first = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(blocks))
        self.second = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(blocks))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(2 * blocks))
        self.drop, self.fc = nn.Dropout(dropout), nn.Linear(width * 4, 10)
    def forward(self, x):
        x = F.relu(self.stem(x))
        for i, (one, two) in enumerate(zip(self.first, self.second)):
            out = F.relu(self.norms[2 * i](one(x)))
            out = self.norms[2 * i + 1](two(out))
            x = F.relu(x + out)
            if i == 0:
                x = F.max_pool2d(x, 2)
        x = F.adaptive_avg_pool2d(x, 2).flatten(1)
        return self.fc(self.drop(x))
"""),
    "elu_pooled_shortcut": blocks_of("""
class Block(nn.Module):
    def __init__(self, a, b, p):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(a, a, 3, padding=1), nn.Conv2d(a, b, 3, padding=1)
        self.b1, self.b2, self.drop = nn.BatchNorm2d(a), nn.BatchNorm2d(b), nn.Dropout2d(p)
        self.match, self.pool = nn.Conv2d(a, b, 1), nn.AvgPool2d(2)
    def forward(self, x):
        h = self.drop(F.elu(self.b1(self.c1(x))))
        h = self.pool(self.b2(self.c2(h)))
        return F.elu(h + self.pool(self.match(x)))
""", widths="16, 32, 48", end="nn.Identity()"),
    "subclassed_sequential": with_channels("""
class Skip(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)

def branch(width, p):
    return (
        nn.BatchNorm2d(width), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1),
        nn.BatchNorm2d(width), nn.SiLU(), nn.Dropout(p), nn.Conv2d(width, width, 3, padding=1))

class Net(nn.Sequential):
    def __init__(self, channels, dropout=0.0):
        p = dropout / 2
        super().__init__(
            nn.Conv2d(channels, 24, 3, 2, 1), Skip(*branch(24, p)), nn.Conv2d(24, 48, 2, 2), Skip(*branch(48, p)),
            nn.BatchNorm2d(48), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, 10))
"""),
    "wide_few": with_channels("""
class WideBlock(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(a), nn.Conv2d(a, b, 3, stride, 1)
        self.bn2, self.conv2 = nn.BatchNorm2d(b), nn.Conv2d(b, b, 3, 1, 1)
        self.shortcut = nn.Conv2d(a, b, 1, stride) if (a, stride) != (b, 1) else nn.Identity()
    def forward(self, x):
        return self.conv2(F.relu(self.bn2(self.conv1(F.relu(self.bn1(x)))))) + self.shortcut(x)

class Net(nn.Module):
    def __init__(self, channels, dropout=0.0):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(channels, 16, 3, 2, 1), WideBlock(16, 64, 2), nn.Dropout2d(dropout / 2), WideBlock(64, 64, 1), nn.ReLU())
        self.classifier = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 10))
    def forward(self, x):
        return self.classifier(self.features(x))
"""),
    "stochastic_depth": with_channels("""
class Block(nn.Module):
    \"\"\"Drops its branch for whole samples in training (Huang et al. 2016), beside ordinary dropout in the head.\"\"\"
    def __init__(self, width, drop):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        self.drop = drop
    def forward(self, x):
        out = self.conv(x)
        if self.training and self.drop > 0:
            keep = (torch.rand(x.shape[0], 1, 1, 1, device=x.device) >= self.drop).to(x.dtype)
            out = out * keep / (1 - self.drop)
        return torch.relu(x + out)

class Net(nn.Module):
    def __init__(self, channels, dropout=0.0):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU())
        self.one, self.down, self.two = Block(32, dropout / 2), nn.Conv2d(32, 64, 3, 2, 1), Block(64, dropout / 2)
        self.fc = nn.Sequential(nn.Dropout(dropout), nn.Linear(64, 10))
    def forward(self, x):
        x = self.two(torch.relu(self.down(self.one(self.stem(x)))))
        return self.fc(F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0])
"""),
})  # fmt: skip
