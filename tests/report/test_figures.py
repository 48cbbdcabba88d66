"""Figures: what is drawn for which networks, and where."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from grader.records import Report, RoleCard
from grader.report.axes import Scale, decades, linear_ticks, log_ticks, path
from grader.report.figures import CLASSES_AT_MOST, LineChart, part_figures


def cards(report: Report, part: str) -> list[RoleCard]:
    return [card for card in report.roles if card.part == part]


def chart(report: Report, name: str, part: str = "2.2") -> LineChart:
    return next(one for one in part_figures(part, cards(report, part)).charts if one.id.endswith(name))


def test_trained_networks_get_all_figures(perfect: Report) -> None:
    drawn = part_figures("2.2", cards(perfect, "2.2"))
    assert [one.title for one in drawn.charts] == ["Training loss", "Validation accuracy", "Gradient norm per layer"]
    assert [len(one.bars) for one in drawn.bars] == [4, 4, 4]
    assert len(drawn.matrices) == 4
    assert len(drawn.fields) == 3  # the first network of the made-up report has no convolution
    assert [style for style, _ in drawn.legend] == [0, 1, 2, 3]


def test_untrained_networks_get_what_is_known_of_them(perfect: Report) -> None:
    drawn = part_figures("3.1", cards(perfect, "3.1"))
    assert [one.title for one in drawn.charts] == ["Gradient norm per layer"]
    assert [one.title for one in drawn.bars] == ["Trainable parameters", "Multiply-adds for one image"]
    assert not drawn.matrices


def test_part_without_networks_draws_nothing(perfect: Report) -> None:
    bare = [replace(card, facts=None, training=None) for card in cards(perfect, "1.1")]
    assert not part_figures("1.1", bare)
    assert not part_figures("1.1", [])


def test_lower_loss_is_drawn_lower_and_told_in_words(perfect: Report) -> None:
    drawn = chart(perfect, "loss")
    heights = [y for _, y in drawn.lines[0].dots]
    assert heights == sorted(heights)  # SVG counts downwards
    assert "Shallow: 2.3 at first" in drawn.description


def test_gradient_norms_are_equally_spaced_on_the_log_scale(perfect: Report) -> None:
    heights = [y for _, y in chart(perfect, "gradients").lines[0].dots]
    steps = [b - a for a, b in pairwise(heights)]
    assert max(steps) - min(steps) < 0.2


def test_what_has_no_place_on_a_scale_is_left_out_and_counted(perfect: Report) -> None:
    shallow = cards(perfect, "2.2")[0]
    assert shallow.training
    norms = {"a": (1.0, 0.1), "b": (1.0, 0.0), "c": (1.0, math.nan), "d": (1.0, 0.01)}
    odd = replace(shallow, training=replace(shallow.training, gradient_norms=norms))
    drawn = part_figures("2.2", [odd]).charts[-1]
    assert len(drawn.lines[0].dots) == 2
    assert drawn.lines[0].path.count("M") == 2  # a gap, not a line across what is missing
    assert drawn.note == "2 zero or not finite, left out."


def test_confusion_matrix_names_the_commonest_mistake(perfect: Report) -> None:
    card = cards(perfect, "1.1")[0]
    assert card.training
    counts = tuple(tuple(9 if x == y else 4 * (y == 3 and x == 5) for x in range(10)) for y in range(10))
    matrix = part_figures("1.1", [replace(card, training=replace(card.training, confusion=counts))]).matrices[0]
    assert matrix.description == "cat taken for dog 4 times"
    assert len(matrix.cells) == 11
    assert sum(cell.hit for cell in matrix.cells) == 10


def test_confusion_matrix_nobody_could_read_is_not_drawn(perfect: Report) -> None:
    card = cards(perfect, "1.1")[0]
    assert card.training
    size = CLASSES_AT_MOST + 1
    training = replace(card.training, confusion=((1,) * size,) * size)
    assert not part_figures("1.1", [replace(card, training=training)]).matrices


def test_receptive_field_is_drawn_to_scale_and_within_the_image(perfect: Report) -> None:
    card = cards(perfect, "2.1")[1]
    assert card.facts
    half = part_figures("2.1", [replace(card, facts=replace(card.facts, receptive_field=(16, 16)))]).fields[0]
    whole = part_figures("2.1", [replace(card, facts=replace(card.facts, receptive_field=(99, 99)))]).fields[0]
    assert (half.x, half.width) == (32, 64)
    assert (whole.x, whole.width) == (0, 128)
    assert whole.note == "99×99, the whole image"


def test_scale_holds_values_within_the_axis() -> None:
    scale = Scale(0, 10, 100, 200)
    assert [scale(value) for value in (-5, 0, 5, 10, 99)] == [100, 100, 150, 200, 200]


@pytest.mark.parametrize(("high", "labels"), [(1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1"]), (300, ["0", "100", "200", "300"])])
def test_ticks_are_round_numbers(high: float, labels: list[str]) -> None:
    assert [tick.label for tick in linear_ticks(Scale(0, high, 0, 100))] == labels


def test_log_ticks_are_whole_powers_and_few() -> None:
    assert [tick.label for tick in log_ticks(Scale(0.01, 10, 0, 100, log=True))] == ["10⁻²", "10⁻¹", "1", "10¹"]
    assert len(log_ticks(Scale(1e-30, 1e30, 0, 100, log=True))) <= 7


def test_decades_enclose_the_values_even_absurd_ones() -> None:
    assert decades([0.02, 3.0]) == pytest.approx((0.01, 10.0))
    low, high = decades([5e-324, 1e308])
    assert (low, high) == pytest.approx((1e-30, 1e30))
    assert decades([1.0]) == (1.0, 10.0)


def test_path_is_interrupted_where_a_point_is_missing() -> None:
    assert path([(0, 1), (2, 3.5), None, (4, 5)]) == "M0 1L2 3.5M4 5"
