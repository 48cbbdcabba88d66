"""From judgement to verdict: points, partial credit, SKIPPED, BROKEN, the strongest alternative; and how items combine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import grader.checks
from grader.checks import BoundCase, cases_of, check_named, primary_criterion, shown, verdict_on
from grader.checks.base import Case, Evidence, combine, joined
from grader.checks.topics import ASPECTS
from grader.errors import InputError
from grader.records import Basis, Fault, Item, Judgement, Outcome, Review, Verdict, message
from grader.rubric import Alternative
from tests.checks.graph_work import NO_FILES, NO_GRAPH, case, rubric

MISSING = Fault("missing", "models/net.py does not define Net", "models/net.py", remedy="write it")
NOTHING = Evidence(NO_FILES)


class Requires(grader.checks.base.Requirements):
    """Nothing."""


def says(answer: Any) -> ModuleType:
    """A check that judges everything alike."""

    def judge(_: Case, __: Evidence) -> Judgement | None:
        if isinstance(answer, Exception):
            raise answer
        return None if answer is None else combine([item(answer)])

    return SimpleNamespace(Require=Requires, needs=lambda _: frozenset(), judge=judge)  # type: ignore[return-value]


def item(holds: Any, weight: Any = 1, review: Review = Review.NONE, text: str = "x", look_at: str | None = None) -> Item:
    return Item(
        Fraction(holds), message("asked " + text), message("found " + text), message("why " + text), Fraction(weight), review, look_at
    )


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Verdict]:
    def judge(*answers: Any, shares: tuple[Any, ...] = (1, 1, 1), found: Evidence = NOTHING, roles: tuple[str, ...] = ("net",)) -> Verdict:
        table = {f"c{place}": says(answer) for place, answer in enumerate(answers)}
        monkeypatch.setattr(grader.checks, "CHECKS", table)
        bases = (Basis.MEASURED, Basis.CLAIM, Basis.CODE)
        given_case = case(says(None), *roles)
        cases = tuple(BoundCase(f"c{place}", bases[place], Fraction(shares[place]), given_case) for place in range(len(answers)))
        return verdict_on(given_case.criterion, cases, found)

    return judge


Judge = Callable[..., Verdict]


@pytest.mark.parametrize(
    ("holds", "outcome", "points"),
    [(1, Outcome.PASSED, 2), (Fraction(1, 3), Outcome.PARTIAL, Fraction(2, 3)), (0, Outcome.FAILED, 0)],
)
def test_a_fraction_is_an_outcome_and_exact_points(judged: Judge, holds: Any, outcome: Outcome, points: Any) -> None:
    found = judged(holds)
    assert (found.outcome, found.points, found.max_points, found.basis) == (outcome, points, 2, Basis.MEASURED)
    assert (found.hint is None) == (holds == 1) and found.roles == ("net",) and found.part == "1"


def test_the_strongest_available_alternative_is_used_with_its_share(judged: Judge) -> None:
    weaker = judged(None, 1, 1, shares=(1, Fraction(1, 2), Fraction(1, 4)))
    assert (weaker.points, weaker.basis, weaker.outcome) == (1, Basis.CLAIM, Outcome.PARTIAL)
    assert str(weaker.hint) == "do it"
    assert judged(0, 1).basis is Basis.MEASURED  # what was judged and failed is not asked again


@pytest.mark.parametrize(
    ("claim", "code", "points", "basis"),
    [
        (0, 1, Fraction(1), Basis.CODE),
        (Fraction(1, 2), 1, Fraction(1), Basis.CLAIM),
        (1, 1, Fraction(2), Basis.CLAIM),
        (None, 1, Fraction(1), Basis.CODE),
    ],
)
def test_a_claim_takes_nothing_away_from_what_stands_without_it(judged: Judge, claim: Any, code: Any, points: Any, basis: Basis) -> None:
    """A function that returns what is wrong earns no less than one that fails; at a tie the stronger evidence is told."""
    found = judged(None, claim, code, shares=(1, 1, Fraction(1, 2)))
    assert (found.points, found.basis) == (points, basis)
    assert ("it would be less: found x" in str(found.why)) == (claim == 0)


def test_nothing_to_judge_fails_and_says_so(judged: Judge) -> None:
    found = judged(None)
    assert (found.outcome, found.points, found.depends_on) == (Outcome.FAILED, 0, None)
    assert "no evidence" in str(found.why) and str(found.hint) == "do it"


def test_a_criterion_that_needs_a_role_is_skipped_and_names_the_one_that_failed(judged: Judge) -> None:
    found = judged(None, found=Evidence(NO_FILES, exports={"net": MISSING}, facts={"net": MISSING}), roles=("other", "net"))
    assert (found.outcome, found.depends_on, found.points, found.review) == (Outcome.SKIPPED, "has net", 0, Review.NONE)
    assert str(found.why) == "net: models/net.py: models/net.py does not define Net. write it" or "does not define Net" in str(found.why)
    assert found.look_at == "models/net.py"


def test_a_role_that_could_not_be_measured_leaves_a_skipped_criterion_open(judged: Judge) -> None:
    found = judged(None, found=Evidence(NO_FILES, exports={"net": NO_GRAPH}, facts={"net": NO_GRAPH}))
    assert (found.outcome, found.review, found.look_at) == (Outcome.SKIPPED, Review.REQUIRED, "models/net.py:12")


def test_a_role_with_a_graph_that_could_not_be_examined_is_skipped_too(judged: Judge) -> None:
    refused = Fault("network", "an operator failed", "models/net.py", 5)
    found = judged(None, found=Evidence(NO_FILES, facts={"net": refused}))
    assert found.outcome is Outcome.SKIPPED and "an operator failed" in str(found.why)


def test_a_training_that_failed_fails_with_its_reason(judged: Judge) -> None:
    found = judged(None, found=Evidence(NO_FILES, trainings={"net": Fault("network", "it cannot be trained", "models/net.py", 6)}))
    assert (found.outcome, found.depends_on) == (Outcome.FAILED, None)
    assert "it cannot be trained" in str(found.why) and found.look_at == "models/net.py:6"


def test_the_criterion_about_a_role_itself_fails_where_the_others_are_skipped() -> None:
    whole = rubric(["net", "other"])
    assert primary_criterion(whole, "other") == "has other" and primary_criterion(whole, "third") is None
    asked = replace(case(says(None), "net", "other"), criterion=whole.criterion[0])
    bound = BoundCase("backward", Basis.MEASURED, Fraction(1), replace(asked, require=check_named("backward").Require()))
    found = verdict_on(whole.criterion[0], (bound,), Evidence(NO_FILES, exports={"net": MISSING}))
    assert (found.outcome, found.depends_on) == (Outcome.FAILED, None)


def test_a_check_that_raises_is_broken_and_never_the_students_fault(judged: Judge) -> None:
    found = judged(ZeroDivisionError("of {course}"))
    assert (found.outcome, found.review, found.points, found.basis) == (Outcome.BROKEN, Review.REQUIRED, 0, None)
    assert "ZeroDivisionError: of {course} (in judge, line" in str(found.why) and "not of the submission" in str(found.why)


# --- the rubric's requirements ---------------------------------------------------------------------------------------


def test_an_unknown_check_or_requirement_is_named() -> None:
    whole = rubric(["net"])
    with pytest.raises(InputError, match='"acuracy"; there are accuracy, advice'):
        check_named("acuracy")
    wrong = Alternative(check="network", basis=Basis.MEASURED, require={"output": "ten"})
    criterion = whole.criterion[0].model_copy(update={"alternatives": [wrong]})
    with pytest.raises(InputError, match=r'criterion "has net" > require > output: .*\(check "network"\)'):
        cases_of(criterion, whole, whole.profile["quick"], {})


# --- items -----------------------------------------------------------------------------------------------------------

items = st.builds(
    item,
    st.fractions(0, 1, max_denominator=50),
    st.fractions(Fraction(1, 50), 3, max_denominator=50),
    st.sampled_from(Review),
    st.text("ab", max_size=2),
    st.none() | st.sampled_from(["a.py:1", "b.py:2"]),
)


@given(st.lists(items, min_size=1, max_size=6))
def test_combined_items_give_the_exact_weighted_share(given_items: list[Item]) -> None:
    judgement = combine(given_items, "hint")
    total = sum((each.weight for each in given_items), Fraction(0))
    assert judgement.fraction * total == sum((each.weight * each.holds for each in given_items), Fraction(0))
    assert 0 <= judgement.fraction <= 1 and isinstance(judgement.fraction, Fraction)
    assert (judgement.hint is None) == (judgement.fraction == 1)
    assert judgement.review in {each.review for each in given_items}
    assert (judgement.review is Review.REQUIRED) == any(each.review is Review.REQUIRED for each in given_items)


@given(st.lists(items, min_size=1, max_size=6))
def test_every_item_that_does_not_hold_is_told(given_items: list[Item]) -> None:
    judgement = combine(given_items)
    for each in given_items:
        if each.holds < 1:
            assert str(each.why) in str(judgement.why) and str(each.expected) in str(judgement.expected)


def test_the_place_is_that_of_the_first_item_that_needs_looking_at() -> None:
    holds, needs_person = item(1, look_at="a.py:1"), item(1, review=Review.REQUIRED, look_at="b.py:2")
    assert combine([holds, needs_person]).look_at == "b.py:2"
    assert combine([holds, item(0, look_at="c.py:3"), needs_person]).look_at == "c.py:3"
    assert combine([holds]).look_at is None


def test_an_item_without_weight_changes_the_review_alone() -> None:
    judgement = combine([item(1), item(0, weight=0, review=Review.REQUIRED, text="doubt")], "hint")
    assert (judgement.fraction, judgement.review, judgement.hint) == (1, Review.REQUIRED, None)
    assert str(judgement.found) == "found doubt"


def test_equal_messages_stand_once_and_braces_stay_as_they_are() -> None:
    same = message("{name} fails", name="{conv}")
    assert str(joined([same, same, message("{name} fails", name="b")])) == "{conv} fails; b fails"
    assert str(joined([same])) == "{conv} fails"


def hint_with(candidates: dict[str, str], hint: str = "In models/net.py write Net. Train Net yourself, not Network.") -> str:
    given_case = case(says(None), "net")
    table = given_case.rubric.role["net"].model_copy(update={"file": "models/net.py", "name": "Net"})
    criterion = given_case.criterion.model_copy(update={"hint": hint, "roles": ["net"]})
    given_case = replace(given_case, criterion=criterion, rubric=given_case.rubric.model_copy(update={"role": {"net": table}}))
    bound = BoundCase("network", Basis.MEASURED, Fraction(1), given_case)
    return str(grader.checks._in_own_names(criterion, (bound,), replace(NOTHING, candidates=candidates))[1][0].case.criterion.hint)


def test_a_hint_speaks_of_the_class_that_was_found() -> None:
    assert hint_with({"net": "nets.py:SkipNet(widths=[16, 32])"}) == "Train SkipNet yourself, not Network."
    assert hint_with({}) == "In models/net.py write Net. Train Net yourself, not Network."
    asked = "In models/net.py write a class Net with a residual block."
    assert hint_with({"net": "nets.py:SkipNet()"}, asked) == "Write a class with a residual block."
    assert hint_with({"other": "nets.py:Net()"}) == "Train a network yourself, not Network."


@pytest.mark.parametrize("is_searched", [True, False])
def test_whose_work_has_names_of_its_own_is_not_sent_to_the_starters_functions(is_searched: bool) -> None:
    name = next(iter(ASPECTS))
    given_case = case(shown, "net", aspects={name: 1})
    found = replace(NOTHING, candidates={"other": "nets.py:Other()"} if is_searched else {})
    hint = str(verdict_on(given_case.criterion, (BoundCase("shown", Basis.CODE, Fraction(1), given_case),), found).hint)
    assert (ASPECTS[name].title in hint) == is_searched and (hint == "do it") == (not is_searched)
