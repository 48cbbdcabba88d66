"""A network as data computes what the student's module computes: output, gradient, a step of an optimiser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.network import Network, RunError, evaluation_form, execute, functionalise
from tests.network.exporting import export


class Act(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Skip(nn.Module):
    """In-place residual block with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.relu = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv(x))
        y += x
        return self.relu(y)


def _halves(x: Tensor) -> Tensor:
    a, b = x.chunk(2, dim=1)
    return a * torch.sigmoid(b)


def _written_slice(x: Tensor) -> Tensor:
    y = x * 1
    y[:, 0] = 0
    y[:, 1:].mul_(2)
    return y.flatten(1)


def _written_view(x: Tensor) -> Tensor:
    y = x * 2
    z = y.view(x.shape[0], -1)
    z.relu_()
    return y + z.view_as(y)


def _filled(x: Tensor) -> Tensor:
    y = torch.zeros(x.shape[0], 4)
    y[:, 1:3] = x.mean(dim=(2, 3))[:, :2]
    return y


def _drop_path(x: Tensor) -> Tensor:
    keep = x.new_empty(x.shape[0], 1, 1, 1).bernoulli_(1.0)
    y = torch.empty(x.shape[0], 2)
    y.fill_(1.5)
    y[:, 0].copy_(x.mean(dim=(1, 2, 3)))
    return (x * keep).flatten(1)[:, :2] * y.clone().zero_().add_(y)


def _masked(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, x.exp() - 1) * torch.arange(8.0)


ARCHITECTURES: dict[str, Callable[[], nn.Module]] = {
    "residual": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), Skip(), nn.MaxPool2d(2), nn.Dropout2d(0.3), nn.Flatten(), nn.Linear(36, 5)),
    "linear": lambda: nn.Sequential(nn.Flatten(), nn.Linear(192, 16), nn.BatchNorm1d(16), nn.GELU(), nn.Linear(16, 5)),
    "norms": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.ELU(), nn.InstanceNorm2d(4), nn.LocalResponseNorm(3)),
    "gates": lambda: nn.Sequential(nn.Conv2d(3, 8, 3), Act(_halves), nn.AdaptiveAvgPool2d(2), nn.PixelShuffle(2), nn.Softmax(1)),
    "resampling": lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.ConvTranspose2d(3, 2, 2, 2), nn.AvgPool2d(2), nn.LPPool2d(2, 2)),
    "written slice": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), Act(_written_slice)),
    "written view": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), Act(_written_view)),
    "filled": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), Act(_filled)),
    "fresh memory": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), Act(_drop_path)),
    "masked": lambda: Act(_masked),
    "in place on the input": lambda: nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 4, 3)),
    "attention": lambda: nn.Sequential(nn.Flatten(2), nn.TransformerEncoderLayer(64, 4, 32, batch_first=True)),
    "unfold": lambda: nn.Sequential(nn.Unfold(3), Act(lambda x: F.fold(x, (8, 8), 3)), nn.ZeroPad2d(1), nn.PReLU()),
}


def _eager_and_data(name: str) -> tuple[nn.Module, Network, Tensor]:
    torch.manual_seed(1)
    module = ARCHITECTURES[name]()
    exported = export(module, 3, 8, 8)
    network = Network(exported.training, exported.evaluation, exported.weights)
    return module, network, torch.randn(6, 3, 8, 8)


def _pass(module: nn.Module, x: Tensor) -> tuple[Tensor, Tensor | None]:
    torch.manual_seed(7)
    leaf = x.clone().requires_grad_()
    output = module(leaf * 1)
    if output.requires_grad:
        output.square().sum().backward()
    return output.detach(), leaf.grad


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_equals_eager_in_output_gradient_and_one_step(name: str) -> None:
    module, network, x = _eager_and_data(name)
    for mode in (True, False):
        module.train(mode), network.train(mode)
        (expected, slope), (found, found_slope) = _pass(module, x), _pass(network, x)
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(found_slope, slope)
    if not list(module.parameters()):
        return
    for one in (module, network):
        torch.optim.Adam(one.parameters(), lr=0.01).step()
        one.eval()
    torch.testing.assert_close(_pass(network, x)[0], _pass(module, x)[0])


@pytest.mark.parametrize("name", ["residual", "written view", "gates"])
def test_channels_last_gives_the_same(name: str) -> None:
    module, network, x = _eager_and_data(name)
    network.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    torch.testing.assert_close(network(x.to(memory_format=torch.channels_last)), module.eval()(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_functional_form_writes_nothing_and_gives_the_same(name: str) -> None:
    exported = export(ARCHITECTURES[name](), 3, 8, 8)
    graph = functionalise(exported.evaluation)
    assert not any(node.operator.in_place for node in graph.nodes)
    before = exported.probe[0].clone()
    torch.testing.assert_close(execute(graph, exported.weights, exported.probe)[0], exported.outputs[0])
    torch.testing.assert_close(execute(exported.evaluation, exported.weights, exported.probe)[0], exported.outputs[0])
    assert torch.equal(before, exported.probe[0])


@pytest.mark.parametrize("name", ["residual", "norms", "linear", "attention"])
def test_the_evaluation_form_equals_the_evaluation_graph(name: str) -> None:
    exported = export(ARCHITECTURES[name](), 3, 8, 8)
    found = execute(evaluation_form(exported.training), exported.weights, exported.probe)[0]
    torch.testing.assert_close(found, exported.outputs[0])


def test_running_a_graph_changes_no_weight() -> None:
    exported = export(ARCHITECTURES["residual"](), 3, 8, 8)
    before = {name: value.clone() for name, value in exported.weights.items()}
    execute(exported.training, exported.weights, exported.probe)
    assert all(torch.equal(value, before[name]) for name, value in exported.weights.items())


def test_statistics_are_updated_in_training_only() -> None:
    exported = export(nn.BatchNorm2d(3), 3, 8, 8)
    network = Network(exported.training, exported.evaluation, exported.weights)
    network.eval()(exported.probe[0])
    frozen = [value.clone() for value in network.buffers()]
    network.train()(exported.probe[0] + 1)
    assert not any(torch.equal(a, b) for a, b in zip(frozen, network.buffers(), strict=True))


def test_tied_weights_stay_tied() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(192, 192), nn.ReLU(), nn.Linear(192, 192))
    module[3].weight = module[1].weight
    exported = export(module, 3, 8, 8)
    network = Network(exported.training, exported.evaluation, exported.weights)
    assert sum(value.numel() for value in network.parameters()) == 192 * 192 + 2 * 192
    assert set(network.named_weights()) == {"1.weight", "1.bias", "3.bias"}


@pytest.mark.parametrize("name", ["residual", "filled", "masked"])
def test_it_runs_in_float64(name: str) -> None:
    _, network, x = _eager_and_data(name)
    expected = network.eval()(x)
    found = network.double()(x.double())
    assert found.dtype == torch.float64
    torch.testing.assert_close(found.float(), expected, rtol=1e-4, atol=1e-5)


def test_a_failing_operator_is_named() -> None:
    exported = export(nn.Linear(8, 2), 8)
    network = Network(exported.training, exported.evaluation, exported.weights)
    with pytest.raises(RunError, match=r"aten\.linear\.default"):
        network(torch.randn(2, 9))
