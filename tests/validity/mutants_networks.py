"""How networks of part 1 are changed, and fully connected ones that are not what was asked for, or cannot learn."""

from __future__ import annotations

from tests.validity.changes import CONVOLUTIONAL, FULLY_CONNECTED, Edit
from tests.validity.mutants_base import Mutant, mutant

FC_MNIST = "self.layers = multilayer_perceptron(28 * 28, (256, 128, 64), CLASSES)"
FC_CIFAR = "self.layers = multilayer_perceptron(3 * 32 * 32, (256, 192, 128, 96, 64), CLASSES)"
FULL = {"fc_mnist": FC_MNIST, "fc_cifar": FC_CIFAR}
SIMPLE = """            ConvNormActivation(1, 16, kernel_size=5, stride=2),  # (N, 16, 14, 14)
            ConvNormActivation(16, 32, kernel_size=5, stride=2),  # (N, 32, 7, 7)
        )
        super().__init__(features, values=32 * 7 * 7)"""
MNIST_BLOCKS = """            ResidualBlock(16, 32, stride=2),  # (N, 32, 7, 7)
            ResidualBlock(32, 32),  # (N, 32, 7, 7)
        )
        super().__init__(features, values=32 * 7 * 7)"""
CIFAR_CNN = "super().__init__(residual_features(dropout=0.0), channels=64)"
REGULARISED = "super().__init__(residual_features(dropout=block_dropout), channels=64, dropout=head_dropout)"
# The end of each network's constructor: what stands behind it runs at the end of building, or is a method more.
ENDS = {
    "fc_mnist": (FULLY_CONNECTED, FC_MNIST),
    "fc_cifar": (FULLY_CONNECTED, FC_CIFAR),
    "cnn_mnist": (CONVOLUTIONAL, SIMPLE),
    "rescnn_mnist": (CONVOLUTIONAL, MNIST_BLOCKS),
    "rescnn_cifar": (CONVOLUTIONAL, CIFAR_CNN),
    "regrescnn_cifar": (CONVOLUTIONAL, REGULARISED),
}
PART = {role: "1.1" if role.endswith("mnist") else "1.2" for role in ENDS}


def built(role: str, *statements: str) -> Edit:
    """More statements at the end of a network's constructor."""
    file, end = ENDS[role]
    return Edit(file, end, end + "".join(f"\n        {each}" for each in statements))


def forwards(role: str, *statements: str) -> Edit:
    """Another `forward(self, images)` of one network."""
    file, end = ENDS[role]
    body = "".join(f"\n        {each}" for each in statements)
    if file == CONVOLUTIONAL:
        return Edit(file, end, f"{end}\n\n    def forward(self, images: Tensor) -> Tensor:{body}")
    shape = "1, 28, 28" if role == "fc_mnist" else "3, 32, 32"
    begin = f'images (N, {shape}) -> logits (N, 10)."""'
    return Edit(file, begin, begin + body)


def answers(role: str, expression: str) -> Edit:
    """One network that answers an expression in its logits."""
    logits = "self.layers(images)" if role in FULL else "super().forward(images)"
    return forwards(role, f"logits: Tensor = {logits}", f"return {expression}")


def hidden(role: str, widths: str) -> Edit:
    """A fully connected network with other hidden layers."""
    old = FULL[role]
    return Edit(FULLY_CONNECTED, old, old[: old.rindex("(")] + f"({widths}), CLASSES)")


def without_relu(role: str) -> Edit:
    """A network whose ReLUs are taken out at the end of its constructor."""
    container = "self.layers" if role in FULL else "self.features"
    if role in FULL:
        return built(role, f"{container} = nn.Sequential(*(each for each in {container} if not isinstance(each, nn.ReLU)))")
    return built(role, f"for stage in {container}:", "    stage[2] = nn.Identity()")


def network(role: str, name: str, about: str, *changes: Edit, survives: str = "") -> Mutant:
    """A network that is not what its role asks for."""
    return mutant(f"{role}/{name}", about, *changes, loses=f"{PART[role]}.{role}.network", survives=survives)


def learning(role: str, name: str, about: str, *changes: Edit, also: dict[str, str] | None = None, survives: str = "") -> Mutant:
    """A network that has the layers, and does not learn or answer as it should."""
    return mutant(f"{role}/{name}", about, *changes, loses=f"{PART[role]}.{role}.accuracy", also=also, survives=survives)


def training(role: str, name: str, about: str, *changes: Edit, also: dict[str, str] | None = None, survives: str = "") -> Mutant:
    """A network of which a part is not trained."""
    return mutant(f"{role}/{name}", about, *changes, loses=f"{PART[role]}.trainable", also=also, survives=survives)


def softmax_before_the_loss(role: str) -> Mutant:
    """Probabilities in place of logits."""
    return learning(role, "softmax", "a softmax before the loss", answers(role, "logits.softmax(1)"))


UNSEEN = "1.1.parameters"

NETWORKS = (
    network("fc_mnist", "layer-more", "five linear layers", hidden("fc_mnist", "256, 128, 64, 32")),
    network("fc_mnist", "layers-less", "two linear layers", hidden("fc_mnist", "256,")),
    network("fc_mnist", "linear", "no non-linearity between the layers", without_relu("fc_mnist")),
    network(
        "fc_mnist",
        "convolution",
        "a convolution before the linear layers",
        built("fc_mnist", "self.layers = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.ReLU(), self.layers)"),
    ),
    network("fc_mnist", "nine-classes", "an output for nine classes", Edit(FULLY_CONNECTED, "CLASSES = 10", "CLASSES = 9")),
    network("fc_mnist", "eleven-outputs", "eleven outputs", Edit(FULLY_CONNECTED, FC_MNIST, FC_MNIST.replace("CLASSES", "CLASSES + 1"))),
    network("fc_mnist", "transposed", "the outputs in the wrong order: (10, N)", answers("fc_mnist", "logits.T")),
    network("fc_cifar", "not-deep", "three linear layers", hidden("fc_cifar", "256, 64")),
    network("fc_cifar", "linear", "no non-linearity between the layers", without_relu("fc_cifar")),
    network(
        "fc_cifar",
        "dead-layers",
        "two more layers are computed, and their output is thrown away",
        Edit(
            FULLY_CONNECTED,
            FC_CIFAR,
            FC_CIFAR.replace("256, 192, 128, 96, 64", "256, 64") + "\n        self.deeper = multilayer_perceptron(10, (32, 32), CLASSES)",
        ),
        forwards("fc_cifar", "logits: Tensor = self.layers(images)", "self.deeper(logits)", "return logits"),
    ),
    learning(
        "fc_mnist",
        "reversed",
        "in evaluation the classes come in reverse",
        answers("fc_mnist", "logits if self.training else logits.flip(1)"),
    ),
    learning(
        "fc_mnist",
        "blind",
        "the image is multiplied by 0",
        forwards("fc_mnist", "logits: Tensor = self.layers(0 * images)", "return logits"),
        also={"1.1.trainable": "without an image the first layer gets no gradient"},
    ),
    learning(
        "fc_mnist",
        "zero-weights",
        "all weights start at zero",
        built("fc_mnist", "for parameter in self.parameters():", "    nn.init.zeros_(parameter)"),
        also={"1.1.trainable": "weights that are all zero get no gradient"},
    ),
    learning(
        "fc_cifar",
        "first-image",
        "every image of a batch is answered as its first",
        forwards("fc_cifar", "logits: Tensor = self.layers(images[:1].expand_as(images) + 0 * images)", "return logits"),
        also={"1.2.trainable": "the loss cannot fall on the answer to another image"},
    ),
    training("fc_mnist", "frozen", "the first layer is frozen", built("fc_mnist", "self.layers[1].weight.requires_grad_(False)")),
    training(
        "fc_mnist",
        "unused-layer",
        "a layer that the constructor makes is never used",
        built("fc_mnist", "self.extra = nn.Linear(64, 64)"),
        also={UNSEEN: "the count that the experiment states has the unused layer in it"},
    ),
    training(
        "fc_cifar",
        "detached",
        "the values are detached behind the second layer",
        forwards("fc_cifar", "hidden = self.layers[:7](images).detach()", "logits: Tensor = self.layers[7:](hidden)", "return logits"),
        also={"1.2.fc_cifar.accuracy": "random features may be too little", "1.2.gradients": "detached weights have no gradient to state"},
    ),
    training(
        "fc_cifar",
        "no-grad",
        "the first layers run under no_grad",
        forwards(
            "fc_cifar",
            "with torch.no_grad():",
            "    hidden = self.layers[:4](images)",
            "logits: Tensor = self.layers[4:](hidden)",
            "return logits",
        ),
        Edit(FULLY_CONNECTED, "from torch import Tensor, nn", "import torch\nfrom torch import Tensor, nn"),
        also={"1.2.gradients": "weights under no_grad have no gradient to state"},
    ),
)
