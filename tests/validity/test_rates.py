"""Clopper and Pearson's interval."""

from __future__ import annotations

import pytest

from tests.validity.rates import at_least, interval


# Of none in n the upper end is 1 - (alpha / 2) ** (1 / n); of half in ten, the interval of the tables: 0.1871 to 0.8129.
@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"), [(0, 10, 0.0, 1 - 0.025**0.1), (5, 10, 0.1871, 0.8129), (10, 10, 0.025**0.1, 1.0)]
)
def test_the_interval_is_that_of_the_tables(hits: int, trials: int, low: float, high: float) -> None:
    assert interval(hits, trials) == pytest.approx((low, high), abs=1e-4)


def test_a_binomial_tail() -> None:
    assert at_least(0, 5, 0.3) == pytest.approx(1) and at_least(5, 5, 0.5) == pytest.approx(1 / 32)
