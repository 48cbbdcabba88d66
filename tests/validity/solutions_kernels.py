"""Studies of the kernel size in other tastes: four networks of equal parameters each, widths searched as a student would."""

from __future__ import annotations

from collections.abc import Sequence

from tests.validity.solutions_base import Solution, numbered

CRITERIA = (
    "2.1.k3.network", "2.1.k5.network", "2.1.k7.network", "2.1.kmix.network", "2.1.equal_parameters", "2.1.learn",
)  # fmt: skip
KERNELS = {"k3": 3, "k5": 5, "k7": 7}
Layers = list[list[int]]  # kernel, width, stride

POOLED = "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))"


def parameters(layers: Layers) -> int:
    """Weights of a stack of convolutions on colour images."""
    inputs = [3, *(width for _, width, _ in layers)]
    return sum(kernel * kernel * a * b for a, (kernel, b, _) in zip(inputs, layers, strict=False))


def equal(layers: Layers, budget: int, step: int) -> Layers:
    """The same stack with other widths, all but the last, that has nearly the budget and keeps the proportions."""
    free = [width for _, width, _ in layers[:-1]]
    scaled = [
        [[kernel, round(width * scale / step) * step or step, stride] for (kernel, _, stride), width in zip(layers, widths, strict=False)]
        + [layers[-1]]
        for scale in [each / 100 for each in range(5, 301)]
        for widths in _near(free, step)
    ]
    return min(scaled, key=lambda each: (round(abs(parameters(each) / budget - 1), 2), -min(width for _, width, _ in each)))


def _near(widths: Sequence[int], step: int) -> list[list[int]]:
    return [[*widths[:-1], widths[-1] + change * step] for change in range(-3, 4) if widths[-1] + change * step > 0]


def study(code: str, shape: Layers, mix: Layers, step: int = 1, mixed: Layers | None = None) -> Solution:
    """Net(layers) for the shape (kernel 3), its 5x5 and 7x7 forms, and the mixture, all with the parameters of the first."""
    budget = parameters(shape)
    layers = {role: [[kernel, width, stride] for _, width, stride in shape] for role, kernel in KERNELS.items()} | {"kmix": mix}
    roles = {role: f"Net(layers={each if role == 'k3' else equal(each, budget, step)})" for role, each in layers.items()}
    if mixed:  # 1x1 and 3x3 side by side in each layer
        roles["kmix"] = f"Net(layers={mixed}, mixed=True)"
    return Solution("", "kernels", code, roles, CRITERIA)


def stack(step: str, head: str = POOLED) -> str:
    """A loop over the layers with this step."""
    return f"""
class Net(nn.Module):
    def __init__(self, layers):
        super().__init__()
        channels, steps = 3, []
        for kernel, width, stride in layers:
            steps += [{step}]
            channels = width
        self.features = nn.Sequential(*steps)
        self.head = {head}
    def forward(self, x):
        return self.head(self.features(x))
"""


CONV = "nn.Conv2d(channels, width, kernel, padding=kernel // 2)"
STRIDED = "nn.Conv2d(channels, width, kernel, stride, kernel // 2)"
MAXIMUM = "nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(width, 10))"
CLASS_MAPS = "nn.Sequential(nn.Conv2d(channels, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())"
FOUR_POOLED = "nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * width, 10))"
POOL = "nn.MaxPool2d(stride) if stride > 1 else nn.Identity()"
THREE: Layers = [[3, 24, 2], [3, 32, 2], [3, 48, 1]]
THREE_MIX: Layers = [[3, 24, 2], [1, 16, 1], [3, 40, 2], [1, 24, 1], [3, 48, 1]]

SOLUTIONS = numbered("kernels", {
    "plain_max_pooled": study(stack(f"{CONV}, nn.ReLU(), {POOL}"), THREE, THREE_MIX),
    "norm_strided": study(stack(f"{STRIDED}, nn.BatchNorm2d(width), nn.ReLU()"), THREE, THREE_MIX),
    "four_layers": study(
        stack(f"{CONV}, nn.BatchNorm2d(width), nn.LeakyReLU(0.1), {POOL}"),
        [[3, 16, 2], [3, 24, 1], [3, 32, 2], [3, 32, 1]], [[3, 16, 2], [1, 24, 1], [3, 32, 2], [1, 32, 1], [3, 32, 1]]),
    "group_norm": study(
        stack(f"{STRIDED}, nn.GroupNorm(2, width), nn.GELU()"), [[3, 32, 2], [3, 48, 2], [3, 64, 1]],
        [[3, 32, 2], [1, 32, 1], [3, 56, 2], [1, 40, 1], [3, 64, 1]], step=2),
    "two_layers": study(
        stack(f"{STRIDED}, nn.BatchNorm2d(width), nn.ELU()", FOUR_POOLED),
        [[3, 32, 2], [3, 32, 2]], [[3, 32, 2], [1, 24, 1], [3, 32, 2]]),
    "fully_convolutional": study(
        stack(f"{STRIDED}, nn.BatchNorm2d(width), nn.ReLU()", CLASS_MAPS),
        THREE, THREE_MIX),
    "dropout": study(stack(f"{CONV}, nn.BatchNorm2d(width), nn.ReLU(), nn.Dropout2d(0.05), {POOL}"), THREE, THREE_MIX),
    "instance_norm": study(
        stack(f"{STRIDED}, nn.InstanceNorm2d(width, affine=True), nn.SiLU()"), THREE, THREE_MIX),
    "global_max": study(
        stack(f"{CONV}, nn.BatchNorm2d(width), nn.SiLU(), {POOL}", MAXIMUM),
        [[3, 32, 2], [3, 32, 2], [3, 32, 1]], [[3, 32, 2], [1, 32, 1], [3, 32, 2], [3, 32, 1]]),
    "pre_activation": study("""
class PreConv(nn.Module):
    def __init__(self, a, b, kernel, stride):
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(a), nn.Conv2d(a, b, kernel, stride, padding=kernel // 2, bias=False)
    def forward(self, x):
        return self.conv(F.relu(self.norm(x)))

class Net(nn.Module):
    def __init__(self, layers):
        super().__init__()
        (kernel, width, stride), *rest = layers
        self.stem = nn.Conv2d(3, width, kernel, stride, padding=kernel // 2)
        self.blocks = nn.ModuleList()
        for kernel, after, stride in rest:
            self.blocks.append(PreConv(width, after, kernel, stride))
            width = after
        self.norm, self.fc = nn.BatchNorm2d(width), nn.Linear(width, 10)
    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.fc(F.relu(self.norm(x)).mean((2, 3)))
""", THREE, THREE_MIX),
    "lazy": study(
        stack("nn.LazyConv2d(width, kernel, stride=stride, padding=kernel // 2), nn.LazyBatchNorm2d(), nn.ReLU()",
              "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(10))"),
        [[3, 20, 2], [3, 40, 2], [3, 40, 1]], [[3, 20, 2], [1, 20, 1], [3, 40, 2], [3, 40, 1]]),
    "hidden_layer": study(
        stack(f"{STRIDED}, nn.BatchNorm2d(width), nn.Hardswish()",
              "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 32), nn.ReLU(), nn.Linear(32, 10))"),
        THREE, THREE_MIX),
    "parallel": study("""
class Mixed(nn.Module):
    \"\"\"1x1 and 3x3 side by side, after Inception.\"\"\"
    def __init__(self, a, b):
        super().__init__()
        self.one, self.three = nn.Conv2d(a, b // 2, 1), nn.Conv2d(a, b - b // 2, 3, padding=1)
    def forward(self, x):
        return torch.cat([self.one(x), self.three(x)], dim=1)

class Net(nn.Module):
    def __init__(self, layers, mixed=False):
        super().__init__()
        channels, self.features = 3, nn.Sequential()
        for kernel, width, stride in layers:
            conv = Mixed(channels, width) if mixed else nn.Conv2d(channels, width, kernel, padding="same")
            self.features.extend([conv, nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(stride)])
            channels = width
        self.fc = nn.Linear(channels, 10)
    def forward(self, x):
        return self.fc(F.adaptive_avg_pool2d(self.features(x), 1).squeeze(-1).squeeze(-1))
""", THREE, THREE, mixed=[[3, 36, 2], [3, 50, 2], [3, 48, 1]]),
    "residual": study("""
class Net(nn.Module):
    \"\"\"Each layer but the first has a shortcut where the shape allows it.\"\"\"
    def __init__(self, layers):
        super().__init__()
        channels = 3
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()
        for kernel, width, stride in layers:
            self.convs.append(nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=False))
            self.norms.append(nn.BatchNorm2d(width))
            channels = width
        self.classifier = nn.Linear(channels, 10)
    def forward(self, x):
        for conv, norm in zip(self.convs, self.norms):
            y = F.relu(norm(conv(x)))
            x = x + y if x.shape == y.shape else y
        return self.classifier(x.mean(dim=[2, 3]))
""", [[3, 24, 2], [3, 24, 1], [3, 48, 2], [3, 48, 1]], [[3, 24, 2], [1, 24, 1], [3, 24, 1], [3, 48, 2], [3, 48, 1]]),
    "average_pools": study(
        stack(f"{CONV}, nn.BatchNorm2d(width), nn.Tanh(), nn.AvgPool2d(stride)"), [[3, 32, 2], [3, 48, 2], [3, 48, 1]],
        [[3, 32, 2], [1, 32, 1], [3, 48, 2], [1, 32, 1], [3, 48, 1]]),
})  # fmt: skip
