"""Custom layers of part 3 that are not what was asked for, or whose backward is wrong."""

from __future__ import annotations

from tests.validity.changes import LAYERS, Edit
from tests.validity.mutants_base import Mutant, mutant

CALLS = {
    "custom_conv": """StandardizedConvFunction.apply(
            images, self.weight, self.gain, self.bias, self.stride, self.padding
        )""",
    "attention": """ChannelAttentionFunction.apply(
            images, self.squeeze.weight, self.squeeze.bias, self.excite.weight, self.excite.bias
        )""",
    "activation": "AconFunction.apply(values, self.upper, self.lower, self.sharpness)",
    "pooling": "MixedPoolFunction.apply(images, self.mix, self.kernel_size, self.stride)",
}
RETURNS = {
    "custom_conv": "return for_images, for_weight, for_gain, flat.sum((0, 2)), None, None",
    "attention": "return pixels.view_as(images), for_squeeze, (by_mean + by_peak).sum(0), for_excite, for_scores.sum(0)",
    "activation": "return for_values, for_upper, for_lower, (gradient * difference * bend).sum()",
    "pooling": "return for_images, for_mix, None, None",
}


def layer(role: str, name: str, about: str, expression: str, *more: Edit) -> Mutant:
    """A layer whose module computes something else."""
    return mutant(f"{role}/{name}", about, Edit(LAYERS, CALLS[role], expression), *more, loses=f"3.1.{role}.layer")


def backward(role: str, name: str, about: str, old: str, new: str) -> Mutant:
    """A layer whose own backward is wrong."""
    return mutant(f"{role}/backward-{name}", about, Edit(LAYERS, old, new), loses=f"3.1.{role}.backward")


def returned(role: str, name: str, about: str, old: str, new: str) -> Mutant:
    """A backward that hands over something else at the end."""
    line = RETURNS[role]
    assert line.count(old) == 1, f"{role}: {old}"
    return backward(role, name, about, line, line.replace(old, new))


def automatic(role: str, expression: str) -> Mutant:
    """A right layer, differentiated by torch: worth a part of the points."""
    return mutant(
        f"{role}/automatic", "no own backward: torch differentiates it", Edit(LAYERS, CALLS[role], expression), loses=f"3.1.{role}.backward"
    )


STANDARDISED = (
    "functional.conv2d(images, self.gain[:, None, None, None] * (self.weight - self.weight.mean((1, 2, 3), keepdim=True)) / "
    "(self.weight - self.weight.mean((1, 2, 3), keepdim=True)).square().sum((1, 2, 3), keepdim=True).add(1e-4).sqrt(), "
    "self.bias, self.stride, self.padding)"
)
SAME_AS_BEFORE = {"3.1.examples": "the worked examples do not come out any more"}
TORCH_HAS_IT = "functional.conv2d(images, self.weight, self.bias, self.stride, self.padding)"

LAYER_MUTANTS = (
    layer("custom_conv", "standard", "it is nn.Conv2d under another name", TORCH_HAS_IT),
    layer("custom_conv", "factor", "a convolution times 2", f"2 * {TORCH_HAS_IT}"),
    layer("custom_conv", "no-padding", "padding is ignored", CALLS["custom_conv"].replace("self.padding", "0")),
    layer("custom_conv", "no-stride", "stride is ignored", CALLS["custom_conv"].replace("self.stride", "1")),
    layer(
        "custom_conv",
        "unfolded",
        "unfold and a matrix product: a plain convolution by hand",
        "(self.weight.flatten(1) @ functional.unfold(images, self.weight.shape[-1], padding=self.padding, stride=self.stride)"
        " + self.bias[:, None]).unflatten(2, ((images.shape[2] + 2 * self.padding - self.weight.shape[-1]) // self.stride + 1, -1))",
    ),
    layer("custom_conv", "nan", "a logarithm of the input: NaN below 0", CALLS["custom_conv"].replace("images", "images.log()")),
    layer("attention", "constant", "the weights do not depend on the input", "images * torch.sigmoid(self.excite.bias)[:, None, None]"),
    layer("attention", "identity", "the weights are all one", "images * 1.0"),
    layer("attention", "by-itself", "each value is weighed by itself alone", "images * torch.sigmoid(images)"),
    layer(
        "attention",
        "one-channel",
        "softmax over a single value: the weights are always 1",
        "images * torch.softmax(images.mean((1, 2, 3), keepdim=True), 1)",
    ),
    layer(
        "attention",
        "over-the-batch",
        "the weights sum to one over the batch, not over the channels",
        "images * torch.softmax(self.excite(self.squeeze(images.mean((2, 3)))), 0)[:, :, None, None]",
    ),
    layer(
        "attention",
        "pooled",
        "it gives the weights, not the weighed image",
        "torch.sigmoid(self.excite(self.squeeze(images.mean((2, 3)))))",
    ),
    layer(
        "attention",
        "thirty-two",
        "the number of channels is written down",
        CALLS["attention"],
        Edit(LAYERS, "self.squeeze = nn.Linear(channels, hidden)", "self.squeeze = nn.Linear(32, hidden)"),
    ),
    layer("activation", "silu", "it is SiLU under another name", "functional.silu(values)"),
    layer("activation", "leaky", "it is LeakyReLU under another name", "functional.leaky_relu(values, 0.1)"),
    layer("activation", "identity", "it is the identity", "values * 1.0"),
    layer(
        "activation", "by-the-mean", "not element by element: all values are gated by their mean", "values * torch.sigmoid(values.mean())"
    ),
    layer(
        "activation",
        "images-only",
        "it works on (N, C, H, W) alone",
        "AconFunction.apply(values, self.upper, self.lower, self.sharpness).flatten(2)"
        ".view(*values.shape[:2], values.shape[2], values.shape[3])",
    ),
    layer("activation", "nan", "a square root of the input: NaN below 0", "values.sqrt()"),
    layer("pooling", "maximum", "it is MaxPool2d under another name", "functional.max_pool2d(images, self.kernel_size, self.stride)"),
    layer("pooling", "average", "it is AvgPool2d under another name", "functional.avg_pool2d(images, self.kernel_size, self.stride)"),
    layer(
        "pooling",
        "sum",
        "the sum of a window: AvgPool2d times a constant",
        "functional.avg_pool2d(images, self.kernel_size, self.stride) * self.kernel_size**2",
    ),
    layer(
        "pooling",
        "first",
        "the first value of each window",
        "images[:, :, :: self.stride, :: self.stride]"
        "[:, :, : (images.shape[2] - self.kernel_size) // self.stride + 1, : (images.shape[3] - self.kernel_size) // self.stride + 1]",
    ),
    layer("pooling", "no-stride", "the stride is ignored", CALLS["pooling"].replace("self.stride", "self.kernel_size")),
    layer("pooling", "no-window", "the window is always 2x2", CALLS["pooling"].replace("self.kernel_size", "2")),
    automatic("custom_conv", STANDARDISED),
    automatic(
        "attention",
        "images * torch.sigmoid(self.excite(functional.relu(self.squeeze(images.mean((2, 3)))) + "
        "functional.relu(self.squeeze(images.amax((2, 3))))))[:, :, None, None]",
    ),
    automatic(
        "activation",
        "(self.upper - self.lower) * values * torch.sigmoid(self.sharpness * (self.upper - self.lower) * values) + self.lower * values",
    ),
    automatic(
        "pooling",
        "torch.sigmoid(self.mix) * functional.max_pool2d(images, self.kernel_size, self.stride) + "
        "torch.sigmoid(-self.mix) * functional.avg_pool2d(images, self.kernel_size, self.stride)",
    ),
)

BACKWARD_MUTANTS = (
    returned("custom_conv", "factor", "the gradient of the weights is wrong by a factor", "for_weight", "2 * for_weight"),
    returned("custom_conv", "sign", "the gradient of the image has the wrong sign", "for_images", "-for_images"),
    returned("custom_conv", "no-bias", "the bias gets no gradient", "flat.sum((0, 2))", "torch.zeros_like(gain)"),
    returned("custom_conv", "mean", "the gradient of the gain is a mean instead of a sum", "for_gain", "for_gain / len(for_gain)"),
    backward(
        "custom_conv",
        "no-projection",
        "standardising is left out of the gradient",
        "(for_standard - standard * along) * scale",
        "for_standard * scale",
    ),
    backward(
        "custom_conv",
        "no-mean",
        "the mean of the weights is left out of the gradient",
        "for_centred - for_centred.mean((1, 2, 3), keepdim=True)",
        "for_centred",
    ),
    backward(
        "custom_conv",
        "no-gain",
        "the gain is left out of the gradient by the image",
        "for_patches = (standard * gain[:, None, None, None])",
        "for_patches = standard",
    ),
    backward(
        "custom_conv", "stride-1", "right at stride 1 alone", "return for_images, for_weight", "return for_images / stride, for_weight"
    ),
    backward(
        "attention",
        "constant-factors",
        "the factors are taken for constants in the gradient by the image",
        "        pixels = pixels + (by_mean @ squeeze / pixels.shape[2])[:, :, None]\n"
        "        pixels.scatter_add_(2, images.flatten(2).argmax(2, keepdim=True), (by_peak @ squeeze)[:, :, None])\n",
        "",
    ),
    backward(
        "attention",
        "no-peak",
        "the peaks have no share in the gradient by the image",
        "        pixels.scatter_add_(2, images.flatten(2).argmax(2, keepdim=True), (by_peak @ squeeze)[:, :, None])\n",
        "",
    ),
    backward(
        "attention",
        "one-of-two",
        "the hidden layer's weights learn from the means alone",
        "by_mean.T @ mean + by_peak.T @ peak",
        "by_mean.T @ mean",
    ),
    backward("attention", "sigmoid", "the derivative of the sigmoid is forgotten", "for_factors * factors * (1 - factors)", "for_factors"),
    returned("attention", "no-bias", "the last bias gets no gradient", "for_scores.sum(0)", "torch.zeros_like(for_scores.sum(0))"),
    backward("attention", "no-relu", "the ReLU is left out of the gradient", "for_hidden * (from_mean > 0)", "for_hidden"),
    returned("activation", "sign", "the gradient by the input has the wrong sign", "for_values", "-for_values"),
    returned(
        "activation",
        "negative-only",
        "wrong for negative inputs only",
        "for_values",
        "torch.where(values < 0, torch.zeros_like(for_values), for_values)",
    ),
    returned("activation", "no-upper", "a parameter gets no gradient", "for_upper", "torch.zeros_like(upper)"),
    returned("activation", "exchanged", "the gradients of two parameters are exchanged", "for_upper, for_lower", "for_lower, for_upper"),
    backward("activation", "no-sharpness", "the sharpness is left out of the gradient", "(gate + sharpness * bend)", "(gate + bend)"),
    returned("activation", "none", "no gradient for the sharpness", "(gradient * difference * bend).sum()", "None"),
    returned("pooling", "factor", "the gradient by the image is halved", "for_images", "for_images / 2"),
    returned("pooling", "sign", "the gradient of the mixture has the wrong sign", "for_mix", "-for_mix"),
    backward("pooling", "maximum-alone", "the gradient of the maximum alone", "share * largest + (1 - share) / area", "largest"),
    backward("pooling", "last", "the gradient goes to the smallest pixel", "windows.argmax(2", "windows.argmin(2"),
    backward("pooling", "no-sigmoid", "the derivative of the sigmoid is forgotten", ".sum() * share * (1 - share)", ".sum()"),
    backward(
        "pooling",
        "overlap",
        "right where windows do not overlap",
        "return for_images, for_mix",
        "return for_images * (ctx.stride / ctx.kernel_size), for_mix",
    ),
)

CONV_BIAS = "self.bias = nn.Parameter(torch.zeros(out_channels))"
EXCITE = "self.excite = nn.Linear(hidden, channels)"
FROZEN = "\n        for parameter in self.parameters():\n            parameter.requires_grad_(False)"
NO_GRADIENTS = {"3.1.custom_conv.backward": "without parameters there is a gradient less to get right"}
PARAMETER_MUTANTS = (
    mutant("custom_conv/frozen", "its parameters are frozen", Edit(LAYERS, CONV_BIAS, CONV_BIAS + FROZEN), loses="3.1.parameters"),
    mutant("attention/frozen", "its parameters are frozen", Edit(LAYERS, EXCITE, EXCITE + FROZEN), loses="3.1.parameters"),
    mutant(
        "custom_conv/buffers",
        "weights that are tensors and no parameters",
        Edit(
            LAYERS,
            CONV_BIAS,
            CONV_BIAS + '\n        for name in ("weight", "gain", "bias"):\n            value = getattr(self, name).detach()\n'
            "            delattr(self, name)\n            setattr(self, name, value)",
        ),
        loses="3.1.parameters",
        also=SAME_AS_BEFORE | NO_GRADIENTS,
    ),
    mutant(
        "attention/none",
        "an attention without parameters: each channel by its own mean",
        Edit(LAYERS, CALLS["attention"], "images * torch.sigmoid(images.mean((2, 3), keepdim=True))"),
        loses="3.1.parameters",
        also={**SAME_AS_BEFORE, "3.1.attention.backward": "torch differentiates it"},
    ),
)

CUSTOM_LAYERS = (*LAYER_MUTANTS, *BACKWARD_MUTANTS, *PARAMETER_MUTANTS)
