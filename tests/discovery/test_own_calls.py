"""The student's own calls decide: what was thought up fills a role only where no call does, and no variant that was left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from grader.discovery.records import Sample
from tests.checks.graph_work import Around, conv
from tests.discovery.test_matching import DIGIT, LAYER, OBJECT, cnn, fc, filled, made, matched, sample


def thought_up(found: Sample) -> Sample:
    return replace(found, build=replace(found.build, origin="inferred", words=(), place=None))


def kernels(side: int, *words: str) -> Sample:
    return sample("KernelNet", made(cnn, 3, side, side), OBJECT, words, k=side)


def depths(count: int, *words: str, name: str = "Net") -> Sample:
    return sample(name, made(cnn, 3, *[3] * count), OBJECT, words, n=count)


def gated(self: Any, x: Tensor) -> Tensor:
    return self.value(x) * torch.sigmoid(self.gate(x))


def weighed_by_a_layer(self: Any, x: Tensor) -> Tensor:
    y = self.value(x)
    return y * torch.sigmoid(self.gate(y.mean((2, 3))))[:, :, None, None]


def weighed_by_itself(self: Any, x: Tensor) -> Tensor:
    y = self.gate(self.value(x))
    return y * torch.sigmoid(y)


def test_a_variant_that_the_student_did_not_build_is_not_there() -> None:
    found = filled(matched(kernels(3), kernels(5), thought_up(kernels(7))))
    assert found == {"k3": "KernelNet 3", "k5": "KernelNet 5"}


def test_variants_are_thought_up_where_no_call_was_seen() -> None:
    found = filled(matched(kernels(3), thought_up(kernels(5)), thought_up(kernels(7))))
    assert {"k3", "k5", "k7"} <= found.keys()


def test_a_call_wins_over_a_better_guess() -> None:
    guessed = [thought_up(depths(count, name="DeepNet")) for count in (2, 4, 6)]
    assert filled(matched(depths(9, name="DeepNet"), *guessed))["deep"] == "DeepNet 9"


def test_a_call_of_a_factory_wins_over_a_guess_at_its_class() -> None:
    called = sample("make", made(fc, 3072, 64, 48, 32), OBJECT, ("cifar/dense",), widths=3)
    guess = thought_up(sample("DenseNet", made(fc, 3072, 64, 48, 32, 16), OBJECT, widths=4))
    assert filled(matched(called, guess))["fc_cifar"] == "make 3"


def test_a_class_that_fills_other_roles_makes_a_study_by_calls_of_its_own() -> None:
    for_mnist = sample("Net", made(cnn, 1, 3, 3), DIGIT, ("mnist",), n=1)
    study = [depths(count) for count in (2, 4, 6)]
    found = filled(matched(for_mnist, *study))
    assert {role: found.get(role) for role in ("cnn_mnist", "shallow", "medium", "deep")} == {
        "cnn_mnist": "Net 1",
        "shallow": "Net 2",
        "medium": "Net 4",
        "deep": "Net 6",
    }


def test_a_convolution_that_another_layer_weighs_is_one_of_its_own() -> None:
    for make in (gated, weighed_by_a_layer):
        gate = conv(16, 8) if make is gated else nn.Linear(8, 8)
        assert filled(matched(sample("Layer", Around(make, value=conv(16, 8), gate=gate), LAYER))) == {"custom_conv": "Layer"}
    helper = sample("Layer", Around(weighed_by_itself, value=conv(16, 8), gate=conv(8, 8)), LAYER)
    assert filled(matched(helper)) == {}


def test_what_is_missing_is_asked_for_in_plain_words() -> None:
    fault = matched()["k5"].fault
    assert fault is not None
    assert fault.remedy == "Write a class with 5x5 convolutions. If it is there already, name it in submission.toml."
