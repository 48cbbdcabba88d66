"""Networks of part 2, kernel sizes and depths, that are not what was asked for, or cannot learn."""

from __future__ import annotations

from tests.validity.changes import CONVOLUTIONAL, Edit, Says
from tests.validity.mutants_base import Mutant, mutant

SPATIAL = "spatial_stack(int(kernel[0]), self.WIDTHS[kernel])"
KERNEL_CNN = "super().__init__(features, channels=32)"
MIXED = (
    "ConvNormActivation(stem, mixed, 1)",
    "ConvNormActivation(mixed, spatial, 3)",
    "ConvNormActivation(spatial, last_mixed, 1)",
    "ConvNormActivation(last_mixed, last_spatial, 3, stride=2)",
)
WIDTHS = {"5x5": '"5x5": (16, 11, 32)', "7x7": '"7x7": (11, 6, 32)'}
ROLES = {"3x3": "k3", "5x5": "k5", "7x7": "k7", "1x1+3x3": "kmix"}
EQUAL = "2.1.equal_parameters"
DEPTHS = ("shallow", "medium", "deep")
DEPTH_LAYERS = {"shallow": 2, "medium": 4, "deep": 6}
DEEPER = "deeper = [PlainConv(width, width) for _ in range(conv_layers - 2)]"
DEPTH_CNN = "super().__init__(nn.Sequential(*depth_stem(width), *deeper), width)"
DEPTH_RESIDUAL = "super().__init__(nn.Sequential(*depth_stem(width), ResidualPair(width), ResidualPair(width)), width)"
PAIR_SUM = "return functional.relu(features + self.branch(features))"
ALL_DEPTHS = tuple(f"2.2.{role}.network" for role in (*DEPTHS, "depth_residual"))
ALL_KERNELS = tuple(f"2.1.{role}.network" for role in ROLES.values())


def kernel(size: str, name: str, about: str, *statements: str) -> Mutant:
    """One kernel variant whose features are changed at the end of the constructor."""
    inner = "".join(f"\n            {each}" for each in statements)
    change = Edit(CONVOLUTIONAL, KERNEL_CNN, f'if kernel == "{size}":{inner}\n        {KERNEL_CNN}')
    return mutant(f"{ROLES[size]}/{name}", about, change, loses=f"2.1.{ROLES[size]}.network")


def unequal(size: str, widths: tuple[int, int, int]) -> Mutant:
    """A kernel variant with other widths; its results say the numbers that it has."""
    side, (first, second, third) = int(size[0]), widths
    count = side**2 * (3 * first + first * second + second * third)
    stated = Says("kernels", f'each["conv_parameters"] = {count} if role == "{ROLES[size]}" else each["conv_parameters"]', "results")
    change = Edit(CONVOLUTIONAL, WIDTHS[size], f'"{size}": {widths}')
    return mutant(
        f"{ROLES[size]}/widths-{first}-{second}-{third}", "right kernels, another number of parameters", change, stated, loses=EQUAL
    )


def depth(role: str, name: str, about: str, *statements: str, loses: str | None = None, also: dict[str, str] | None = None) -> Mutant:
    """One depth variant whose deeper layers are changed."""
    inner = "".join(f"\n            {each}" for each in statements)
    change = Edit(CONVOLUTIONAL, DEPTH_CNN, f"if conv_layers == {DEPTH_LAYERS[role]}:{inner}\n        {DEPTH_CNN}")
    return mutant(f"{role}/{name}", about, change, loses=loses or f"2.2.{role}.network", also=also)


def shortcut(name: str, about: str, output: str, *more: Edit) -> Mutant:
    """The residual network of the depths with another sum."""
    return mutant(
        f"depth_residual/{name}",
        about,
        Edit(CONVOLUTIONAL, PAIR_SUM, f"return functional.relu({output})"),
        *more,
        loses="2.2.depth_residual.network",
    )


KERNEL_MUTANTS = (
    kernel(
        "5x5",
        "two-3x3",
        "every 5x5 is two 3x3",
        "features = nn.Sequential(ConvNormActivation(3, 16, 3, 2), ConvNormActivation(16, 16), "
        "ConvNormActivation(16, 16), ConvNormActivation(16, 16), ConvNormActivation(16, 24, 3, 2), ConvNormActivation(24, 32))",
    ),
    kernel("5x5", "one-3x3", "the last of the three 5x5 is a 3x3", "features[2] = ConvNormActivation(11, 32, 3, stride=2)"),
    kernel("5x5", "pointwise", "1x1 kernels", "features = spatial_stack(1, (16, 32, 32))"),
    kernel(
        "7x7",
        "first-only",
        "a 7x7 and then 3x3",
        "features[1] = ConvNormActivation(11, 6, 3)",
        "features[2] = ConvNormActivation(6, 32, 3, stride=2)",
    ),
    kernel(
        "7x7",
        "dilated",
        "3x3 kernels with dilation 3 for 7x7",
        "for stage, before, after, stride in zip(features, (3, 11, 6), (11, 6, 32), (2, 1, 2)):",
        "    stage[0] = nn.Conv2d(before, after, 3, stride, padding=3, dilation=3, bias=False)",
    ),
    kernel("7x7", "5x5", "5x5 kernels for 7x7", "features = spatial_stack(5, (16, 11, 32))"),
    kernel("3x3", "5x5", "5x5 kernels for 3x3", "features = spatial_stack(5, (16, 11, 32))"),
    kernel(
        "3x3",
        "separable",
        "1x3 and 3x1 kernels for 3x3",
        "features = nn.Sequential(nn.Conv2d(3, 16, (1, 3), 2), nn.ReLU(), "
        "nn.Conv2d(16, 32, (3, 1)), nn.ReLU(), nn.Conv2d(32, 32, (1, 3), 2), nn.ReLU())",
    ),
    kernel("1x1+3x3", "no-1x1", "3x3 alone", "features = spatial_stack(3, (16, 32, 32))"),
    kernel(
        "1x1+3x3",
        "no-3x3",
        "1x1 alone",
        "features = nn.Sequential(ConvNormActivation(3, 64, 1, 2), ConvNormActivation(64, 128, 1), ConvNormActivation(128, 32, 1, 2))",
    ),
    kernel(
        "1x1+3x3",
        "dead-1x1",
        "the 1x1 convolution is multiplied by 0",
        "class Dead(nn.Sequential):",
        "    def forward(self, values: Tensor) -> Tensor:",
        "        return super().forward(values) * 0 + values",
        "features = nn.Sequential(ConvNormActivation(3, 16, 3, 2), Dead(nn.Conv2d(16, 16, 1)), "
        "ConvNormActivation(16, 32), ConvNormActivation(32, 32, 3, 2))",
    ),
    mutant(
        "kernels/linear",
        "no non-linearity between the convolutions of all four",
        Edit(CONVOLUTIONAL, KERNEL_CNN, f"for stage in features:\n            stage[2] = nn.Identity()\n        {KERNEL_CNN}"),
        loses=ALL_KERNELS,
    ),
    mutant(
        "kernels/softmax",
        "a softmax before the loss",
        Edit(
            CONVOLUTIONAL,
            KERNEL_CNN,
            f"{KERNEL_CNN}\n\n    def forward(self, images: Tensor) -> Tensor:\n        return super().forward(images).softmax(1)",
        ),
        loses="2.1.learn",
    ),
    mutant(
        "kernels/blind",
        "the networks see the mean of the image alone",
        Edit(
            CONVOLUTIONAL,
            KERNEL_CNN,
            f"{KERNEL_CNN}\n\n    def forward(self, images: Tensor) -> Tensor:\n"
            "        return super().forward(images.mean((1, 2, 3), keepdim=True).expand_as(images))",
        ),
        loses="2.1.learn",
        also={"2.1.receptive": "what a network sees is the whole image then"},
    ),
    unequal("5x5", (16, 32, 32)),
    unequal("7x7", (16, 32, 32)),
    unequal("7x7", (16, 12, 32)),
    mutant(
        "kmix/wide",
        "the mixed network has twice the parameters",
        Edit(CONVOLUTIONAL, "mixed_stack(16, ((16, 32), (28, 32)))", "mixed_stack(32, ((32, 48), (40, 32)))"),
        Says(
            "kernels",
            'each["conv_parameters"] = 3*32*9 + 32*32 + 32*48*9 + 48*40 + 40*32*9 if role == "kmix" else each["conv_parameters"]',
            "results",
        ),
        loses=EQUAL,
    ),
    mutant(
        "k7/filler",
        "a parameter that nothing uses makes the numbers equal",
        Edit(CONVOLUTIONAL, WIDTHS["7x7"], '"7x7": (6, 4, 32)'),
        Edit(
            CONVOLUTIONAL,
            KERNEL_CNN,
            f'{KERNEL_CNN}\n        if kernel == "7x7":\n            self.filler = nn.Parameter(features[0][0].weight.new_zeros(6330))',
        ),
        Says("kernels", 'each["conv_parameters"] = 49 * (3*6 + 6*4 + 4*32) if role == "k7" else each["conv_parameters"]', "results"),
        loses=EQUAL,
    ),
)

DEPTH_MUTANTS = (
    depth("shallow", "layer-more", "three convolutions", "deeper = [PlainConv(width, width)]"),
    depth("medium", "layer-less", "three convolutions", "deeper = deeper[1:]"),
    depth("medium", "layer-more", "five convolutions", "deeper = [*deeper, PlainConv(width, width)]"),
    depth("deep", "layer-less", "five convolutions", "deeper = deeper[1:]"),
    depth(
        "deep",
        "shared",
        "one convolution is used three times: its weights count once",
        "deeper = [deeper[0], deeper[0], deeper[0], deeper[1]]",
    ),
    depth("deep", "residual", "the plain network has a shortcut", "deeper = [ResidualPair(width), ResidualPair(width)]"),
    depth(
        "medium",
        "linear-layers",
        "two of the four are 1x1 linear layers without a non-linearity between them",
        "deeper = [nn.Sequential(nn.Conv2d(width, width, 1), nn.Conv2d(width, width, 1))]",
    ),
    depth(
        "deep",
        "dead-layers",
        "two of the six convolutions are multiplied by 0",
        "class Dead(nn.Module):",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        "        self.layers = nn.ModuleList(deeper[2:])",
        "    def forward(self, values: Tensor) -> Tensor:",
        "        return values + 0 * self.layers[1](self.layers[0](values))",
        "deeper = [*deeper[:2], Dead()]",
    ),
    depth(
        "deep",
        "exploding",
        "initial weights a thousand times as large",
        "for each in deeper:",
        "    nn.init.normal_(each[0].weight, std=30.0)",
        loses="2.2.learn",
    ),
    depth(
        "deep",
        "zero-weights",
        "all deeper weights start at zero",
        "for each in deeper:",
        "    nn.init.zeros_(each[0].weight)",
        "    nn.init.zeros_(each[0].bias)",
        loses="2.2.learn",
    ),
    depth(
        "shallow",
        "one-channel",
        "a single channel before the classifier",
        "deeper = [nn.Conv2d(width, 1, 1), nn.Conv2d(1, width, 1)]",
        loses="2.2.shallow.network",
    ),
    mutant(
        "depth/linear",
        "no non-linearity between the convolutions",
        Edit(CONVOLUTIONAL, "super().__init__(convolution, nn.ReLU())", "super().__init__(convolution)"),
        loses=ALL_DEPTHS[:3],
    ),
    mutant(
        "depth/softmax",
        "a softmax before the loss in the plain networks",
        Edit(
            CONVOLUTIONAL,
            DEPTH_CNN,
            f"{DEPTH_CNN}\n\n    def forward(self, images: Tensor) -> Tensor:\n        return super().forward(images).softmax(1)",
        ),
        loses="2.2.learn",
    ),
    shortcut("no-skip", "the sum is gone: the branch alone", "self.branch(features)"),
    shortcut("wrong-layer", "the branch is added to itself", "2 * self.branch(features)"),
    shortcut("mean-only", "the mean of the input is added, not its pixels", "features.mean((2, 3), keepdim=True) + self.branch(features)"),
    shortcut("non-linear", "the shortcut is the tanh of the input", "features.tanh() + self.branch(features)"),
    shortcut("times-zero", "the shortcut is multiplied by 0", "0.0 * features + self.branch(features)"),
    shortcut("detached", "the shortcut is detached: no gradient takes it", "features.detach() + self.branch(features)"),
    shortcut("beside-nothing", "the shortcut is added to a branch without a convolution", "features + features.clamp(max=1.0)"),
)

STUDIES = (*KERNEL_MUTANTS, *DEPTH_MUTANTS)
