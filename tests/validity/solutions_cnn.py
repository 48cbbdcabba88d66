"""Simple CNNs for MNIST of other tastes: two or three convolutions."""

from __future__ import annotations

from tests.validity.solutions_base import Solution, numbered

CRITERIA = ("1.1.cnn_mnist.network", "1.1.cnn_mnist.accuracy", "1.1.trainable")


def net(code: str, spec: str = "Net") -> Solution:
    """A file with the network."""
    return Solution("", "cnn", code, {"cnn_mnist": spec}, CRITERIA)


def stack(*layers: str) -> Solution:
    """A plain nn.Sequential."""
    listed = "".join(f"    {each},\n" for each in layers)
    return net(f"def simple_cnn():\n    return nn.Sequential(\n{listed.replace('    nn', '        nn')}    )\n", "simple_cnn")


SOLUTIONS = numbered("cnn", {
    "tutorial": net("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)
    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = F.max_pool2d(x, 2)
        x = torch.flatten(self.dropout1(x), 1)
        x = self.dropout2(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1)
"""),
    "lenet_tanh": stack(
        "nn.Conv2d(1, 6, 5, padding=2)", "nn.Tanh()", "nn.AvgPool2d(2)", "nn.Conv2d(6, 16, 5)", "nn.Tanh()", "nn.AvgPool2d(2)",
        "nn.Flatten()", "nn.Linear(400, 120)", "nn.Tanh()", "nn.Linear(120, 84)", "nn.Tanh()", "nn.Linear(84, 10)"),
    "max_pooled": stack(
        "nn.Conv2d(1, 32, 3, padding=1)", "nn.ReLU()", "nn.MaxPool2d(2)", "nn.Conv2d(32, 64, 3, padding=1)", "nn.ReLU()", "nn.MaxPool2d(2)",
        "nn.Flatten()", "nn.Linear(64 * 49, 128)", "nn.ReLU()", "nn.Linear(128, 10)"),
    "strided": stack(
        "nn.Conv2d(1, 16, 3, stride=2, padding=1)", "nn.SiLU()", "nn.Conv2d(16, 32, 3, stride=2, padding=1)", "nn.SiLU()",
        "nn.Conv2d(32, 32, 3, padding=1)", "nn.SiLU()", "nn.Flatten()", "nn.Linear(32 * 49, 10)"),
    "global_pooling": stack(
        "nn.Conv2d(1, 32, 3, padding=1, bias=False)", "nn.BatchNorm2d(32)", "nn.ReLU()", "nn.MaxPool2d(2)",
        "nn.Conv2d(32, 64, 3, padding=1, bias=False)", "nn.BatchNorm2d(64)", "nn.ReLU()", "nn.MaxPool2d(2)",
        "nn.Conv2d(64, 64, 3, padding=1, bias=False)", "nn.BatchNorm2d(64)", "nn.ReLU()",
        "nn.AdaptiveAvgPool2d(1)", "nn.Flatten()", "nn.Linear(64, 10)"),
    "group_norm": stack(
        "nn.Conv2d(1, 16, 3, padding=1)", "nn.GroupNorm(4, 16)", "nn.GELU()", "nn.MaxPool2d(2)",
        "nn.Conv2d(16, 32, 3, padding=1)", "nn.GroupNorm(8, 32)", "nn.GELU()",
        "nn.AdaptiveAvgPool2d(4)", "nn.Flatten()", "nn.Linear(512, 10)"),
    "lazy": stack(
        "nn.LazyConv2d(24, 5)", "nn.ReLU()", "nn.MaxPool2d(2)", "nn.LazyConv2d(48, 5)", "nn.ReLU()", "nn.MaxPool2d(2)",
        "nn.Flatten()", "nn.LazyLinear(64)", "nn.ReLU()", "nn.LazyLinear(10)"),
    "pre_activation": net("""
class PreConv(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(a), nn.Conv2d(a, b, 3, 2, 1)
    def forward(self, x):
        return self.conv(F.relu(self.norm(x)))

class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, padding=1)
        self.blocks = nn.Sequential(PreConv(width, 2 * width), PreConv(2 * width, 4 * width))
        self.head = nn.Linear(4 * width * 49, 10)
    def forward(self, x):
        return self.head(F.relu(self.blocks(self.stem(x))).flatten(1))
"""),
    "fully_convolutional": net("""
class Net(nn.Module):
    \"\"\"The last convolution has a map per class.\"\"\"
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 5, stride=2, padding=2), nn.BatchNorm2d(32), nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.BatchNorm2d(64), nn.ReLU(),
        )
        self.classes = nn.Conv2d(64, 10, 7)
    def forward(self, x):
        return self.classes(self.features(x)).flatten(1)
"""),
    "dropout2d": net("""
class Net(nn.Module):
    def __init__(self, channels=(16, 32), dropout=0.1):
        super().__init__()
        first, second = channels
        self.conv1, self.bn1 = nn.Conv2d(1, first, 5, padding=2), nn.BatchNorm2d(first)
        self.conv2, self.bn2 = nn.Conv2d(first, second, 5, padding=2), nn.BatchNorm2d(second)
        self.pool, self.drop = nn.MaxPool2d(kernel_size=2, stride=2), nn.Dropout2d(dropout)
        self.fc = nn.Linear(second * 7 * 7, 10)
    def forward(self, x):
        x = self.pool(F.leaky_relu(self.bn1(self.conv1(x)), 0.1))
        x = self.drop(self.pool(F.leaky_relu(self.bn2(self.conv2(x)), 0.1)))
        return self.fc(x.view(x.size(0), -1))
"""),
    "instance_norm": stack(
        "nn.Conv2d(1, 16, 3, padding='same')", "nn.InstanceNorm2d(16, affine=True)", "nn.ReLU()", "nn.MaxPool2d(2)",
        "nn.Conv2d(16, 32, 3, padding='same')", "nn.InstanceNorm2d(32, affine=True)", "nn.ReLU()", "nn.MaxPool2d(2)",
        "nn.Flatten()", "nn.Linear(32 * 49, 10)"),
    "large_stem": stack(
        "nn.Conv2d(1, 24, 7, stride=2, padding=3)", "nn.ReLU()", "nn.Conv2d(24, 48, 3, padding=1)", "nn.ReLU()", "nn.AvgPool2d(2)",
        "nn.Conv2d(48, 48, 3)", "nn.ReLU()", "nn.Flatten()", "nn.Linear(48 * 25, 10)"),
    "dilated": stack(
        "nn.Conv2d(1, 16, 3, padding=1)", "nn.ELU()", "nn.MaxPool2d(2)", "nn.Conv2d(16, 32, 3, padding=2, dilation=2)", "nn.ELU()",
        "nn.MaxPool2d(2)", "nn.Flatten()", "nn.Dropout(0.3)", "nn.Linear(32 * 49, 10)"),
    "prelu_overlapping_pools": stack(
        "nn.Conv2d(1, 20, 5)", "nn.PReLU(20)", "nn.MaxPool2d(3, 2)", "nn.Conv2d(20, 40, 3)", "nn.PReLU(40)", "nn.MaxPool2d(3, 2)",
        "nn.Flatten()", "nn.Linear(40 * 16, 100)", "nn.PReLU()", "nn.Linear(100, 10)"),
    "layer_norm": net("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(1, 32, 4, stride=4)
        self.norm = nn.LayerNorm([32, 7, 7])
        self.mix = nn.Conv2d(32, 64, 3, padding=1)
        self.head = nn.Sequential(nn.Flatten(), nn.LayerNorm(64 * 49), nn.Linear(64 * 49, 10))
    def forward(self, x):
        return self.head(F.gelu(self.mix(F.gelu(self.norm(self.patches(x))))))
"""),
    "named": net("""
from collections import OrderedDict

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(OrderedDict([
            ("c1", nn.Conv2d(1, 8, 3, padding=1)), ("a1", nn.ReLU()), ("p1", nn.MaxPool2d(2)),
            ("c2", nn.Conv2d(8, 16, 3, padding=1)), ("a2", nn.ReLU()), ("p2", nn.MaxPool2d(2)),
            ("c3", nn.Conv2d(16, 32, 3, padding=1)), ("a3", nn.ReLU()),
            ("flat", nn.Flatten()), ("fc", nn.Linear(32 * 49, 10)),
        ]))
    def forward(self, x):
        return self.model(x)
"""),
    "max_and_mean": net("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 32, 5, 2, 2), nn.BatchNorm2d(32), nn.Mish(), nn.Conv2d(32, 64, 5, 2, 2), nn.BatchNorm2d(64), nn.Mish())
        self.head = nn.Linear(128, 10)
    def forward(self, x):
        x = self.body(x)
        return self.head(torch.cat([x.amax(dim=(2, 3)), x.mean(dim=(2, 3))], dim=1))
"""),
})  # fmt: skip
