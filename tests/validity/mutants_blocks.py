"""Residual blocks of part 3 that are not what their names say."""

from __future__ import annotations

from tests.validity.changes import LAYERS, Edit
from tests.validity.mutants_base import Mutant, mutant

ENDS = {
    "basic_block": ("            convolution_norm(out_channels, out_channels, 3),\n        )\n"),
    "bottleneck_block": ("            convolution_norm(inner, out_channels, 1),\n        )\n"),
    "wide_block": ("            convolution_norm(inner, out_channels, 3),\n        )\n"),
}
BUILD = "        super().__init__(branch, in_channels, out_channels, stride)"


def block(role: str, name: str, about: str, *changes: Edit) -> Mutant:
    """A residual block that is not what its name says."""
    return mutant(f"{role}/{name}", about, *changes, loses=f"3.2.{role}.block")


def sums(role: str, output: str) -> Edit:
    """One kind of block with another forward."""
    method = f"\n\n    def forward(self, features: Tensor) -> Tensor:\n        return functional.relu({output})"
    return Edit(LAYERS, ENDS[role] + BUILD, ENDS[role] + BUILD + method)


BASIC, NARROW, WIDE = "basic_block", "bottleneck_block", "wide_block"
LAST_BASIC = "convolution_norm(out_channels, out_channels, 3)"
BLOCK_SUM = "return functional.relu(self.branch(features) + self.shortcut(features))"
BLOCKS = (
    *(block(role, "no-skip", "the branch alone", sums(role, "self.branch(features)")) for role in ENDS),
    *(
        block(role, "branch-twice", "the branch is added to itself", sums(role, "self.branch(features) + self.branch(features)"))
        for role in (NARROW, WIDE)
    ),
    block(BASIC, "product", "a product in place of the sum", sums(BASIC, "self.branch(features) * self.shortcut(features)")),
    block(
        BASIC,
        "wrong-layer",
        "the shortcut begins behind the first convolution",
        sums(BASIC, "self.branch[2](self.branch[1](self.branch[0](features))) + self.branch[1](self.branch[0](features))"),
    ),
    block(NARROW, "times-zero", "the shortcut is multiplied by 0", sums(NARROW, "self.branch(features) + 0 * self.shortcut(features)")),
    block(
        WIDE, "non-linear", "the shortcut is the tanh of the input", sums(WIDE, "self.branch(features) + self.shortcut(features).tanh()")
    ),
    block(BASIC, "one-convolution", "a single 3x3 convolution", Edit(LAYERS, f"            nn.ReLU(),\n            {LAST_BASIC},\n", "")),
    block(
        BASIC, "pointwise", "the second convolution is a 1x1", Edit(LAYERS, LAST_BASIC, "convolution_norm(out_channels, out_channels, 1)")
    ),
    block(NARROW, "not-narrow", "it does not narrow", Edit(LAYERS, "max(1, out_channels // self.REDUCTION)", "out_channels")),
    block(NARROW, "widens", "it is wider in the middle", Edit(LAYERS, "max(1, out_channels // self.REDUCTION)", "4 * out_channels")),
    block(
        NARROW,
        "3x3-first",
        "the first convolution is a 3x3",
        Edit(LAYERS, "convolution_norm(in_channels, inner, 1)", "convolution_norm(in_channels, inner, 3)"),
    ),
    block(
        NARROW,
        "no-3x3",
        "three 1x1 convolutions",
        Edit(LAYERS, "convolution_norm(inner, inner, 3, stride)", "convolution_norm(inner, inner, 1, stride)"),
    ),
    block(WIDE, "not-wide", "it is as wide as its input", Edit(LAYERS, "WIDENING = 2", "WIDENING = 1")),
    block(
        WIDE,
        "narrow",
        "it is narrower than its input",
        Edit(LAYERS, "inner = self.WIDENING * out_channels", "inner = max(1, out_channels // self.WIDENING)"),
    ),
    mutant(
        "blocks/no-stride",
        "the projection ignores the stride: the block fails where it is not 1",
        Edit(LAYERS, "convolution_norm(in_channels, out_channels, 1, stride)", "convolution_norm(in_channels, out_channels, 1)"),
        loses=("3.2.basic_block.block", "3.2.bottleneck_block.block", "3.2.wide_block.block"),
    ),
    mutant(
        "blocks/no-projection",
        "no projection where the width changes",
        Edit(LAYERS, "if stride != 1 or in_channels != out_channels:\n            self.shortcut", "if False:\n            self.shortcut"),
        loses=("3.2.basic_block.block", "3.2.bottleneck_block.block", "3.2.wide_block.block"),
    ),
    block(
        BASIC,
        "padding",
        "the second convolution is not padded",
        Edit(LAYERS, LAST_BASIC, "nn.Conv2d(out_channels, out_channels, 3), nn.BatchNorm2d(out_channels)"),
    ),
    block(
        WIDE,
        "stride-ignored",
        "the stride is ignored everywhere",
        Edit(LAYERS, ENDS[WIDE] + BUILD, ENDS[WIDE] + BUILD.replace("stride)", "1)")),
        Edit(
            LAYERS,
            "            convolution_norm(in_channels, inner, 3, stride),\n            nn.ReLU(),\n"
            "            convolution_norm(inner, out_channels, 3),",
            "            convolution_norm(in_channels, inner, 3),\n            nn.ReLU(),\n"
            "            convolution_norm(inner, out_channels, 3),",
        ),
    ),
    mutant(
        "blocks/dead",
        "the output is multiplied by 0",
        Edit(LAYERS, BLOCK_SUM, BLOCK_SUM.replace("functional.relu(", "0 * functional.relu(")),
        loses="3.2.learn",
        also={f"3.2.{role}.block": "nothing comes out of the block" for role in ENDS},
    ),
    mutant(
        "blocks/shuffled",
        "in training the images of a batch change places",
        Edit(LAYERS, BLOCK_SUM, f"features = features.flip(0) if self.training else features\n        {BLOCK_SUM}"),
        loses="3.2.learn",
    ),
)
