"""Layers, parameters, dropout, agreement: each with work that has the defect and work that has not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.network import analyse
from grader.records import NetworkFacts
from tests.network.exporting import export


def facts(module: nn.Module, *shape: int) -> NetworkFacts:
    torch.manual_seed(0)
    return analyse(export(module, *(shape or (3, 8, 8))), seed=3)


class Around(nn.Module):
    """A function of (self, x) around named parts."""

    def __init__(self, function, **parts) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        for name, part in parts.items():
            if isinstance(part, Tensor) and not isinstance(part, nn.Parameter):
                self.register_buffer(name, part)
            else:
                setattr(self, name, part)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x)


def weight(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape))


def _by_unfold(m: Around, x: Tensor) -> Tensor:
    columns = F.unfold(x, 3, padding=1, stride=2)
    return (m.w.view(4, -1) @ columns).view(x.shape[0], 4, 4, 4)


def _by_windows(m: Around, x: Tensor) -> Tensor:
    return torch.einsum("nchwij,ocij->nohw", x.unfold(2, 3, 1).unfold(3, 3, 1), m.w)


def _by_shifts(m: Around, x: Tensor) -> Tensor:
    total = 0
    for i in range(3):
        for j in range(3):
            total = total + torch.einsum("nchw,oc->nohw", x[:, :, i : i + 6, j : j + 6], m.w[:, :, i, j])
    return total


def _by_products(m: Around, x: Tensor) -> Tensor:
    windows = x.unfold(2, 3, 1).unfold(3, 3, 1).unsqueeze(1)
    return (windows * m.w[None, :, :, None, None]).sum(dim=(2, 5, 6))


@pytest.mark.parametrize("function", [_by_unfold, _by_windows, _by_shifts, _by_products])
def test_a_convolution_written_by_hand_counts(function) -> None:  # type: ignore[no-untyped-def]
    found = facts(Around(function, w=weight(4, 3, 3, 3)))
    (layer,) = found.convs
    assert (layer.kernel, layer.in_channels, layer.out_channels, layer.parameters) == ((3, 3), 3, 4, 108)
    assert found.linears == ()


def test_the_stride_of_a_handmade_convolution_is_read() -> None:
    assert facts(Around(_by_unfold, w=weight(4, 3, 3, 3))).convs[0].stride == (2, 2)


@pytest.mark.parametrize(
    ("conv", "kernel"),
    [
        (nn.Conv2d(3, 4, 5, padding=2), (5, 5)),
        (nn.Conv2d(3, 4, 3, dilation=2), (5, 5)),
        (nn.Conv2d(3, 4, 1), (1, 1)),
        (nn.Conv2d(3, 4, 8), (8, 8)),
        (nn.Conv2d(3, 6, 3, groups=3, padding="same"), (3, 3)),
    ],
)
def test_the_kernel_extent_of_a_convolution(conv: nn.Conv2d, kernel: tuple[int, int]) -> None:
    (layer,) = facts(conv).convs
    assert (layer.kernel, layer.in_channels, layer.out_channels) == (kernel, 3, conv.out_channels)
    assert layer.parameters == sum(value.numel() for value in conv.parameters())


def test_a_masked_5x5_kernel_is_a_3x3() -> None:
    mask = F.pad(torch.ones(1, 1, 3, 3), (1, 1, 1, 1))
    module = Around(lambda m, x: F.conv2d(x, m.w * m.mask, padding=2), w=weight(4, 3, 5, 5), mask=mask)
    assert facts(module).convs[0].kernel == (3, 3)


def test_two_3x3_are_not_a_5x5() -> None:
    found = facts(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)))
    assert [layer.kernel for layer in found.convs] == [(3, 3), (3, 3)]
    assert found.receptive_field == (5, 5)


def test_linear_on_a_flattened_image_is_linear() -> None:
    found = facts(nn.Sequential(nn.Flatten(), nn.Linear(192, 5), nn.ReLU(), nn.Linear(5, 2)))
    assert found.convs == () and found.receptive_field is None
    assert [(layer.in_channels, layer.out_channels) for layer in found.linears] == [(192, 5), (5, 2)]
    assert found.multiply_adds == 192 * 5 + 5 * 2


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: x.flatten(1) @ m.w + m.b,
        lambda m, x: torch.addmm(m.b, x.flatten(1), m.w),
        lambda m, x: torch.einsum("ni,io->no", x.flatten(1), m.w) + m.b,
    ],
)
def test_a_matrix_product_with_a_parameter_is_linear(function) -> None:  # type: ignore[no-untyped-def]
    (layer,) = facts(Around(function, w=weight(192, 7), b=weight(7))).linears
    assert (layer.in_channels, layer.out_channels) == (192, 7)


def test_tied_layers_count_once() -> None:
    one = nn.Conv2d(3, 3, 3, padding=1)
    assert len(facts(nn.Sequential(one, nn.ReLU(), one)).convs) == 1
    tied = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 3, 3, padding=1))
    tied[2].weight = tied[0].weight
    found = facts(tied)
    assert len(found.convs) == 1 and found.parameters == 81 + 3 + 3


def test_a_layer_without_effect_does_not_count() -> None:
    parts = {"a": nn.Conv2d(3, 4, 3), "b": nn.Conv2d(3, 4, 3)}
    found = facts(Around(lambda m, x: m.a(x) + 0 * m.b(x), **parts))
    assert [layer.path for layer in found.convs] == ["a.weight"]
    assert found.unused_parameters == ("b.weight", "b.bias") and found.parameters == 112
    assert len(facts(Around(lambda m, x: m.a(x) + m.b(x), **parts)).convs) == 2


def test_what_cancels_does_not_count() -> None:
    parts = {"a": nn.Conv2d(3, 4, 3), "b": nn.Conv2d(3, 4, 3)}

    def cancel(m: Around, x: Tensor) -> Tensor:
        y = m.b(x)
        return m.a(x) + y - y

    assert [layer.path for layer in facts(Around(cancel, **parts)).convs] == ["a.weight"]


def test_frozen_and_never_read_parameters_are_listed_apart() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3))
    module[0].requires_grad_(False)
    module.register_parameter("idle", weight(2))
    found = facts(module)
    assert (found.parameters, found.frozen_parameters, found.unused_parameters) == (148, 112, ("idle",))
    assert set(found.weight_gradients) == {"1.weight", "1.bias", "idle"} and found.weight_gradients["idle"] == 0


def test_a_constant_used_as_a_weight_is_named() -> None:
    fixed = Around(lambda m, x: F.conv2d(x, m.kernel), kernel=torch.randn(4, 3, 3, 3))
    found = facts(fixed)
    assert found.constant_weights == ("kernel",) and found.convs == () and found.parameters == 0
    assert facts(nn.Conv2d(3, 4, 3)).constant_weights == ()


def test_dropout_is_read_with_its_probability() -> None:
    module = nn.Sequential(nn.Dropout2d(0.25), nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Dropout(0.5), nn.Dropout(0.0))
    assert [(fact.probability, fact.active_in_evaluation) for fact in facts(module).dropouts] == [
        (0.25, False),
        (0.5, False),
        (0.0, False),
    ]


def test_dropout_that_stays_active_in_evaluation_is_told() -> None:
    module = Around(lambda m, x: F.dropout(m.conv(x), 0.5), conv=nn.Conv2d(3, 4, 3))
    found = facts(module)
    assert [fact.active_in_evaluation for fact in found.dropouts] == [True]
    assert found.evaluation_agrees


def test_dropout_whose_result_is_thrown_away_does_not_count() -> None:
    def idle(m: Around, x: Tensor) -> Tensor:
        F.dropout(x, 0.5, m.training)
        return m.conv(x)

    assert facts(Around(idle, conv=nn.Conv2d(3, 4, 3))).dropouts == ()


def test_stochastic_depth_has_a_probability() -> None:
    def skip(m: Around, x: Tensor) -> Tensor:
        y = m.conv(x)
        if m.training:
            y = y * torch.bernoulli(torch.full((x.shape[0], 1, 1, 1), 0.8)) / 0.8
        return y

    (fact,) = facts(Around(skip, conv=nn.Conv2d(3, 4, 3))).dropouts
    assert fact.probability == pytest.approx(0.2) and not fact.active_in_evaluation


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: m.conv(x) - m.conv(x).mean(dim=0),
        lambda m, x: F.batch_norm(m.conv(x), None, None, training=True),
        lambda m, x: m.conv(x.flip(0)),
        lambda m, x: m.conv(x) + x.sum(),
    ],
)
def test_a_network_that_mixes_the_samples_is_told(function) -> None:  # type: ignore[no-untyped-def]
    assert not facts(Around(function, conv=nn.Conv2d(3, 4, 3))).batch_independent


def test_a_norm_in_evaluation_keeps_the_samples_apart() -> None:
    found = facts(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()))
    assert found.batch_independent and found.evaluation_agrees and found.eager_agrees and found.finite
    assert [layer.kind for layer in found.layers] == ["conv", "norm", "nonlinearity"]
    assert found.output_shapes == {1: (1, 4, 6, 6), 2: (2, 4, 6, 6), 4: (4, 4, 6, 6)}


def test_another_network_in_evaluation_is_told() -> None:
    module = Around(lambda m, x: m.a(x) if m.training else m.b(x), a=nn.Conv2d(3, 4, 3), b=nn.Conv2d(3, 4, 3))
    assert not facts(module).evaluation_agrees


def test_a_forged_output_is_told() -> None:
    exported = export(nn.Conv2d(3, 4, 3), 3, 8, 8)
    forged = replace(exported, outputs=(exported.outputs[0] + 1,))
    assert analyse(exported, seed=0).eager_agrees and not analyse(forged, seed=0).eager_agrees


def test_a_network_of_nan_is_not_finite() -> None:
    assert not facts(Around(lambda m, x: F.linear(x.flatten(1), m.w) / 0, w=weight(4, 192))).finite


def test_a_fixed_batch_size_is_analysed() -> None:
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(192, 10)

        def forward(self, x: Tensor) -> Tensor:
            return torch.stack([self.linear(image.flatten()) for image in x])

    found = facts(Fixed())
    assert len(found.linears) == 1 and found.output_shapes[4] == (4, 10) and found.batch_independent


def test_the_same_seed_gives_the_same_facts() -> None:
    exported = export(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5)), 3, 8, 8)
    assert analyse(exported, seed=5) == analyse(exported, seed=5)


@pytest.mark.parametrize(
    ("module", "field"),
    [
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3), nn.AdaptiveAvgPool2d(1)), (8, 8)),
        (nn.Sequential(nn.Conv2d(3, 4, 7, padding=3), nn.ReLU(), nn.Flatten(), nn.Linear(1024, 10)), (7, 7)),
        (nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3), nn.Tanh()), (7, 7)),
        (nn.Sequential(nn.Conv2d(3, 4, 3, dilation=2), nn.MaxPool2d(2, 1)), (6, 6)),
        (nn.Sequential(nn.Conv2d(3, 4, (1, 5)), nn.GELU()), (1, 5)),
        (nn.Sequential(*[nn.Conv2d(3, 3, 3, padding=1) for _ in range(9)]), (16, 16)),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.ReLU()), (3, 3)),
    ],
)
def test_the_receptive_field(module: nn.Module, field: tuple[int, int]) -> None:
    assert facts(module, 3, 16, 16).receptive_field == field
