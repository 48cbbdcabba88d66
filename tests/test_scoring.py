"""Scores are exact sums, and open reviews give the range."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from grader.records import Outcome, Review, Verdict, message
from grader.rubric import default_rubric, load_rubric
from grader.scoring import score

RUBRIC, _ = load_rubric(default_rubric())
SHARES = st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(7, 9), Fraction(1)])


def verdict(place: int, share: Fraction, review: Review = Review.NONE) -> Verdict:
    criterion = RUBRIC.criterion[place]
    text = message("made up")
    return Verdict(
        criterion.id, criterion.part, criterion.title, Outcome.PARTIAL, share * criterion.points, criterion.points,
        None, review, text, text, text, None,
    )  # fmt: skip


def test_everything_right_is_a_hundred() -> None:
    total = score(RUBRIC, [verdict(place, Fraction(1)) for place in range(len(RUBRIC.criterion))])
    assert (total.points, total.max_points, total.lowest, total.highest) == (100, 100, 100, 100)
    assert [part.points for part in total.parts] == [20, 20, 15, 15, 15, 15]


@given(st.lists(st.tuples(SHARES, st.sampled_from(list(Review))), min_size=1, max_size=len(RUBRIC.criterion)))
def test_parts_add_up_to_the_whole_without_rounding(given_shares: list[tuple[Fraction, Review]]) -> None:
    verdicts = [verdict(place, share, review) for place, (share, review) in enumerate(given_shares)]
    total = score(RUBRIC, verdicts)
    assert total.points == sum(share * RUBRIC.criterion[place].points for place, (share, _) in enumerate(given_shares))
    assert total.points == sum(part.points for part in total.parts)
    assert total.lowest <= total.points <= total.highest <= total.max_points


def test_a_required_review_leaves_all_of_its_points_open_and_a_recommended_one_none() -> None:
    criterion = RUBRIC.criterion[0]
    required = score(RUBRIC, [verdict(0, Fraction(1, 2), Review.REQUIRED)])
    assert (required.lowest, required.highest) == (0, criterion.points)
    recommended = score(RUBRIC, [verdict(0, Fraction(1, 2), Review.RECOMMENDED)])
    assert recommended.lowest == recommended.highest == criterion.points / 2


def test_only_the_parts_that_were_judged_appear() -> None:
    assert [part.part for part in score(RUBRIC, [verdict(0, Fraction(1))]).parts] == ["1.1"]
