"""What brings the most points, and what waits for a person."""

from dataclasses import replace
from fractions import Fraction

from grader.records import Outcome, Report, Review, Verdict
from grader.report.summary import next_steps, open_reviews, tally


def make(report: Report, *verdicts: tuple[str, Outcome, int, str | None]) -> Report:
    """(id, outcome, points lost of 5, id waited for) as a report."""
    made = [
        replace(report.verdicts[0], criterion=name, outcome=outcome, points=Fraction(5 - lost), max_points=Fraction(5), depends_on=root,
                review=Review.NONE)
        for name, outcome, lost, root in verdicts
    ]  # fmt: skip
    return replace(report, verdicts=tuple(made))


def gains(report: Report) -> list[tuple[str, Fraction, int]]:
    return [(step.verdict.criterion, step.gain_points, step.unlocks) for step in next_steps(report)]


def test_most_points_come_first_and_ties_keep_the_order_of_the_rubric(full: Report) -> None:
    report = make(full, ("a", Outcome.FAILED, 2, None), ("b", Outcome.PARTIAL, 3, None), ("c", Outcome.FAILED, 2, None))
    assert gains(report) == [("b", 3, 0), ("a", 2, 0), ("c", 2, 0)]


def test_points_of_what_waits_count_for_what_it_waits_for(full: Report) -> None:
    chain = [("a", Outcome.FAILED, 1, None), ("b", Outcome.SKIPPED, 5, "a"), ("c", Outcome.SKIPPED, 5, "b")]
    assert gains(make(full, *chain)) == [("a", 11, 2)]


def test_skipped_without_a_known_reason_stands_for_itself(full: Report) -> None:
    odd = [("a", Outcome.SKIPPED, 5, "gone"), ("b", Outcome.PASSED, 0, None), ("c", Outcome.SKIPPED, 4, "b")]
    assert gains(make(full, *odd)) == [("a", 5, 0), ("c", 4, 0)]


def test_dependencies_in_a_circle_do_not_hang(full: Report) -> None:
    circle = [("a", Outcome.SKIPPED, 5, "b"), ("b", Outcome.SKIPPED, 5, "a")]
    assert sum(gain for _, gain, _ in gains(make(full, *circle))) == 10


def test_fault_of_the_grader_is_nothing_for_the_student_to_do(full: Report) -> None:
    assert gains(make(full, ("a", Outcome.BROKEN, 5, None), ("b", Outcome.SKIPPED, 5, "a"))) == []


def test_reviews_that_are_required_come_first(full: Report) -> None:
    first, second = full.verdicts[:2]
    waiting: tuple[Verdict, ...] = (replace(first, review=Review.RECOMMENDED), replace(second, review=Review.REQUIRED))
    assert [one.review for one in open_reviews(replace(full, verdicts=waiting))] == [Review.REQUIRED, Review.RECOMMENDED]


def test_tally_counts_every_verdict_once(full: Report) -> None:
    assert sum(tally(full).values()) == len(full.verdicts)
    assert list(tally(full)) == [outcome for outcome in Outcome if outcome in tally(full)]
