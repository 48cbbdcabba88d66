"""Fully connected networks of other tastes: each class serves MNIST (3 or 4 layers) and, deeper, CIFAR-10."""

from __future__ import annotations

from tests.validity.solutions_base import Solution, numbered

CRITERIA = (
    "1.1.fc_mnist.network", "1.1.fc_mnist.accuracy", "1.1.trainable",
    "1.2.fc_cifar.network", "1.2.fc_cifar.accuracy", "1.2.trainable",
)  # fmt: skip


def both(code: str, mnist: str, cifar: str) -> Solution:
    """One file with the two networks."""
    return Solution("", "fc", code, {"fc_mnist": mnist, "fc_cifar": cifar}, CRITERIA)


SIZES = """
class Net(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))
    def forward(self, x):
        x = x.reshape(x.shape[0], -1)
        for layer in self.layers[:-1]:
            x = ACTIVATION(layer(x))
        return self.layers[-1](x)
"""


def sized(activation: str, mnist: str, cifar: str) -> Solution:
    """A list of widths, one activation, no norm."""
    return both(SIZES.replace("ACTIVATION", activation), f"Net(sizes=[784, {mnist}, 10])", f"Net(sizes=[3072, {cifar}, 10])")


SOLUTIONS = numbered("fc", {
    "sequential": both("""
class MnistMLP(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))

class CifarMLP(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Flatten(), nn.Linear(3072, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(),
            nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10),
        )
""", "MnistMLP", "CifarMLP"),
    "functional": both("""
class FCNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(28 * 28, 300)
        self.fc2 = nn.Linear(300, 100)
        self.fc3 = nn.Linear(100, 10)
    def forward(self, x):
        x = x.view(-1, 28 * 28)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)

class DeepFCNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(3 * 32 * 32, 400), nn.Linear(400, 200)
        self.fc3, self.fc4, self.fc5 = nn.Linear(200, 100), nn.Linear(100, 50), nn.Linear(50, 10)
    def forward(self, x):
        x = torch.flatten(x, 1)
        for layer in (self.fc1, self.fc2, self.fc3, self.fc4):
            x = layer(x).relu()
        return self.fc5(x)
""", "FCNet", "DeepFCNet"),
    "dropout": both("""
class Net(nn.Module):
    def __init__(self, inputs, hidden, p=0.2):
        super().__init__()
        layers = []
        for width in hidden:
            layers.extend([nn.Linear(inputs, width), nn.ReLU(inplace=True), nn.Dropout(p)])
            inputs = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(inputs, 10)
    def forward(self, x):
        return self.head(self.body(x.flatten(1)))
""", "Net(inputs=784, hidden=[256, 128])", "Net(inputs=3072, hidden=[512, 256, 128, 64])"),
    "gelu_layernorm": both("""
class Layer(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear, self.norm, self.act = nn.Linear(inputs, outputs), nn.LayerNorm(outputs), nn.GELU()
    def forward(self, x):
        return self.act(self.norm(self.linear(x)))

class Net(nn.Module):
    def __init__(self, inputs=784, width=192, depth=3):
        super().__init__()
        widths = [inputs] + [width] * depth
        self.layers = nn.Sequential(*(Layer(a, b) for a, b in zip(widths, widths[1:])))
        self.out = nn.Linear(width, 10)
    def forward(self, x):
        return self.out(self.layers(x.flatten(start_dim=1)))
""", "Net", "Net(inputs=3072, width=256, depth=5)"),
    "lazy": both("""
class Net(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        steps = [nn.Flatten()]
        for width in hidden:
            steps += [nn.LazyLinear(width), nn.LeakyReLU(0.1)]
        self.net = nn.Sequential(*steps, nn.LazyLinear(10))
    def forward(self, x):
        return self.net(x)
""", "Net(hidden=[200, 100, 50])", "Net(hidden=[300, 200, 100])"),
    "norm_after_activation": both("""
class Net(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.flatten = nn.Flatten()
        self.net = nn.Sequential()
        for i, width in enumerate(hidden, 1):
            self.net.add_module(f"linear{i}", nn.Linear(inputs, width))
            self.net.add_module(f"act{i}", nn.LeakyReLU())
            self.net.add_module(f"bn{i}", nn.BatchNorm1d(width))
            inputs = width
        self.net.add_module("classifier", nn.Linear(inputs, 10))
    def forward(self, x):
        return self.net(self.flatten(x))
""", "Net(inputs=784, hidden=[160, 80])", "Net(inputs=3072, hidden=[256, 128, 64, 32])"),
    "selu": both("""
class Net(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        widths = [inputs, *hidden, 10]
        self.linears = nn.ModuleList([nn.Linear(a, b) for a, b in zip(widths, widths[1:])])
        self.drop = nn.AlphaDropout(0.05)
        for linear in self.linears:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="linear")
            nn.init.zeros_(linear.bias)
    def forward(self, x):
        x = x.flatten(1)
        for linear in self.linears[:-1]:
            x = self.drop(F.selu(linear(x)))
        return self.linears[-1](x)
""", "Net(inputs=784, hidden=[256, 128, 64])", "Net(inputs=3072, hidden=[256, 256, 128, 128, 64])"),
    "residual": both("""
class ResidualLinear(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.linear = nn.BatchNorm1d(width), nn.Linear(width, width)
    def forward(self, x):
        return x + self.linear(F.relu(self.norm(x)))

class Net(nn.Module):
    def __init__(self, inputs=784, width=128, blocks=2):
        super().__init__()
        self.stem = nn.Linear(inputs, width)
        self.blocks = nn.Sequential(*[ResidualLinear(width) for _ in range(blocks)])
        self.head = nn.Linear(width, 10)
    def forward(self, x):
        return self.head(torch.relu(self.blocks(self.stem(x.flatten(1)))))
""", "Net", "Net(inputs=3072, width=192, blocks=4)"),
    "log_softmax": both("""
class Net(nn.Module):
    \"\"\"Gives log-probabilities, for nn.NLLLoss.\"\"\"
    def __init__(self, inputs, widths):
        super().__init__()
        self.hidden = nn.ModuleList()
        for width in widths:
            self.hidden.append(nn.Linear(inputs, width))
            inputs = width
        self.last = nn.Linear(inputs, 10)
    def forward(self, x):
        x = torch.flatten(x, 1)
        for layer in self.hidden:
            x = F.relu(layer(x))
        return F.log_softmax(self.last(x), dim=1)
""", "Net(inputs=784, widths=[128, 64])", "Net(inputs=3072, widths=[512, 256, 128])"),
    "input_norm": both("""
def make(inputs, widths):
    blocks = [nn.Flatten(), nn.BatchNorm1d(inputs)]
    for a, b in zip([inputs, *widths], widths):
        blocks.append(nn.Sequential(nn.Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.ELU()))
    return nn.Sequential(*blocks, nn.Linear(widths[-1], 10))
""", "make(inputs=784, widths=[128, 128])", "make(inputs=3072, widths=[192, 192, 192])"),
    "prelu": both("""
class Net(nn.Module):
    def __init__(self, inputs, width, depth):
        super().__init__()
        self.inp = nn.Linear(inputs, width)
        self.mid = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.acts = nn.ModuleList([nn.PReLU(width) for _ in range(depth + 1)])
        self.out = nn.Linear(width, 10)
        self.apply(self._init)
    @staticmethod
    def _init(module):
        if isinstance(module, nn.Linear):
            nn.init.kaiming_uniform_(module.weight, a=0.25)
            nn.init.zeros_(module.bias)
    def forward(self, x):
        x = self.acts[0](self.inp(x.view(x.size(0), -1)))
        for act, layer in zip(self.acts[1:], self.mid):
            x = act(layer(x))
        return self.out(x)
""", "Net(inputs=784, width=128, depth=2)", "Net(inputs=3072, width=160, depth=4)"),
    "orthogonal_tanh": both("""
class Net(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = []
        for a, b in zip(sizes, sizes[1:]):
            linear = nn.Linear(a, b)
            nn.init.orthogonal_(linear.weight, nn.init.calculate_gain("tanh"))
            nn.init.zeros_(linear.bias)
            layers += [linear, nn.Tanh()]
        self.model = nn.Sequential(nn.Flatten(), *layers[:-1])
    def forward(self, x):
        return self.model(x)
""", "Net(sizes=[784, 256, 64, 10])", "Net(sizes=[3072, 256, 128, 64, 10])"),
    "weight_norm": both("""
from torch.nn.utils.parametrizations import weight_norm

class Net(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        layers = [nn.Flatten()]
        for width in hidden:
            layers += [weight_norm(nn.Linear(inputs, width)), nn.ReLU()]
            inputs = width
        layers.append(nn.Linear(inputs, 10))
        self.layers = nn.Sequential(*layers)
    def forward(self, x):
        return self.layers(x)
""", "Net(inputs=784, hidden=[200, 100])", "Net(inputs=3072, hidden=[256, 128, 64])"),
    "silu_wide": sized("F.silu", "1024, 512", "1024, 512, 256"),
    "elu_narrow": sized("F.elu", "64, 32", "128, 64, 32"),
    "hardswish": sized("F.hardswish", "256, 128, 64", "384, 192, 96, 48"),
    "tanh": sized("torch.tanh", "128, 64", "256, 128, 64"),
    "pyramid_relu": sized("torch.relu", "128, 256, 128", "256, 256, 256, 256, 256"),
    "mish": sized("F.mish", "300, 150", "400, 300, 200, 100"),
})  # fmt: skip
