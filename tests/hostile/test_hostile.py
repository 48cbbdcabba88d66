"""Attacks: none scores more than its honest twin, outlives its deadline, or leaves a trace; the next mark stays what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.records import Fault, Outcome, Review
from grader.report.html import to_html
from tests.hostile.cases import CASES, Case
from tests.hostile.grading import Graded, Grader
from tests.hostile.places import HOSTILE
from tests.hostile.world import world_around

GRACE_SECONDS = 5.0
START_SECONDS = 30.0  # of a worker, on a machine that is busy
MEASURING_SECONDS = 60.0  # for the trusted processes, which no attack may keep longer than their networks' caps allow

pytestmark = pytest.mark.slow


def test_there_are_at_least_sixty_attacks_and_each_has_its_twin() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) >= 60
    assert [case.name for case in CASES if not (HOSTILE / case.twin).is_dir()] == []
    assert [case.name for case in CASES if not (HOSTILE / case.name).is_dir() and case.make is None] == []


def test_every_folder_is_in_the_table() -> None:
    folders = {path.name for path in HOSTILE.iterdir() if path.is_dir()}
    assert folders == {case.name for case in CASES if (HOSTILE / case.name).is_dir()} | {case.twin for case in CASES} | {"_honest"}


def test_the_twins_are_graded_as_they_deserve(grader: Grader) -> None:
    honest, weak = grader.alone("_honest"), grader.alone("_weak")
    assert honest.report is not None and weak.report is not None
    assert honest.report.score.points == honest.report.score.max_points
    assert {verdict.review for verdict in honest.report.verdicts} == {Review.NONE}
    assert 0 < weak.report.score.points < weak.report.score.max_points / 2
    assert grader.alone("_slow").points["net.accuracy"] == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_attack_gains_nothing(case: Case, grader: Grader, around: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with world_around(around, f"hostile-mark-{case.name}") as world:
        graded = grader.attack(case, world)
        assert world.changes() == []
    assert gains(graded, grader.alone(case.twin)) == {}
    assert broken(graded) == {}
    assert overtime(graded) == []
    assert [each.text for each in graded.log.asked if world.secret in each.text or "LEAKED " + "a secret" in each.text] == []
    assert not case.seen or graded.faults & set(case.seen), f"the attack did not run: {graded.faults}"
    assert_is_escaped(graded)
    after = grader.next_honest(case, tmp_path_factory.mktemp("after"))
    assert after.verdicts == grader.alone("_honest").verdicts


def gains(graded: Graded, twin: Graded) -> dict[str, str]:
    """Where an attack has more points than its twin."""
    return {name: f"{points} > {twin.points[name]}" for name, points in graded.points.items() if points > twin.points[name]}


def broken(graded: Graded) -> dict[str, str]:
    """Where the grader itself failed: no submission may bring that about."""
    verdicts = graded.report.verdicts if graded.report else ()
    return {verdict.criterion: str(verdict.why) for verdict in verdicts if verdict.outcome is Outcome.BROKEN}


def overtime(graded: Graded) -> list[str]:
    """What took longer than its deadline and the grace. After a fault a new worker starts, which runs no student code yet."""
    slow, starts = [], False
    for each in graded.log.asked:
        allowed = each.request.deadline_seconds + GRACE_SECONDS + (START_SECONDS if starts else 0)
        slow += [f"{each.request.verb}: {each.seconds:.1f} s of {allowed:g} s"] if each.seconds > allowed else []
        starts = isinstance(each.reply, Fault)
    rest = graded.seconds - graded.log.asked_seconds - graded.log.starting_seconds
    return [*slow, *([f"the examiner's side: {rest:.1f} s"] if rest > MEASURING_SECONDS else [])]


def assert_is_escaped(graded: Graded) -> None:
    """Nothing that a student wrote is markup in the report."""
    if graded.report is not None:
        page = to_html(graded.report)
        assert "<script>hostile" not in page and "<img src=x" not in page and "\x1b" not in page
    assert graded.refusal.isprintable()
