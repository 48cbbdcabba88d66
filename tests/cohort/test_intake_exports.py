"""What Moodle and Canvas export, as a folder and as the archive of it."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from itertools import pairwise
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.cohort.content import content_hash
from grader.cohort.lms import attempts_among, canvas_names, moodle_name
from grader.cohort.records import Intake, Student
from grader.errors import InputError
from tests.cohort.shelf import LATE, counting, fill, pack, packed, reasons, take, texts

CODE: dict[str, str | bytes] = {"homework.py": "x = 1\n"}


def both(tmp_path: Path, files: dict[str, str | bytes], roster: str | None = None) -> tuple[Intake, Intake]:
    """The intake of an export that somebody unpacked, and of the archive."""
    folder = take(fill(tmp_path / "folder" / "export", files), roster)
    archive = take(pack(tmp_path / "archive" / "export.zip", files), roster)
    return folder, archive


# --- Moodle ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def moodle(tmp_path: Path) -> dict[str, str | bytes]:
    return {
        "Jane Doe_4711_assignsubmission_file_/work.zip": packed(CODE, tmp_path),
        "Jane Doe_4711_assignsubmission_onlinetext_/onlinetext.html": "<p>here it is</p>",
        "Gruppe A-Zoë Roe_4712_assignsubmission_file/models/net.py": "x",
        "Gruppe A-Zoë Roe_4712_assignsubmission_file/homework.py": "y",
        "Иванов Иван_4713_assignsubmission_onlinetext_/onlinetext.html": "<p>sorry</p>",
    }


def test_a_moodle_export(tmp_path: Path, moodle: dict[str, str | bytes]) -> None:
    for intake in both(tmp_path, moodle):
        assert {(one.id, one.name, one.lms_id) for one in intake.students} == {
            ("4711", "Jane Doe", "4711"),
            ("4712", "Gruppe A-Zoë Roe", "4712"),
            ("4713", "Иванов Иван", "4713"),
        }
        counts = {attempt.student: attempt.source for attempt in intake.attempts if attempt.counts}
        assert counts["4711"].name == "work.zip" and texts(counts["4712"]) == {"models/net.py": "x", "homework.py": "y"}
        assert counting(intake)["4713"] == "Иванов Иван_4713_assignsubmission_onlinetext_"
        assert len(intake.attempts) == 4 and not intake.unmatched


def test_a_moodle_export_with_a_roster(tmp_path: Path, moodle: dict[str, str | bytes]) -> None:
    people = "id,name\ndoe,Jane Doe\nroe,Zoe Roe\nivanov,Иван Иванов\nabsent,A B\n"
    for intake in both(tmp_path, moodle, people):
        assert intake.students == (
            Student("doe", "Jane Doe", lms_id="4711"),
            Student("roe", "Zoe Roe", lms_id="4712"),
            Student("ivanov", "Иван Иванов", lms_id="4713"),
            Student("absent", "A B"),
        )
        assert set(counting(intake)) == {"doe", "roe", "ivanov"} and not intake.unmatched


def test_moodle_without_folders_and_with_hidden_names(tmp_path: Path) -> None:
    name = "Participant_99_assignsubmission_file_"
    for intake in both(tmp_path, {f"{name}homework.py": "x", f"{name}net.py": "y"}, "id,name\n99,Somebody\n"):
        (attempt,) = intake.attempts
        assert attempt.student == "99" and texts(attempt.source) == {"homework.py": "x", "net.py": "y"}


@pytest.mark.parametrize(
    ("people", "student"),
    [
        ("id,name\n4711,Jane Doe\n", "4711"),
        ("id,name\n4711,\n", "4711"),
        ("id,name\n4711,Джейн Доу\n", "4711"),
        ("id,name\n4711,Jane Roe\n", "4711"),
        ("id,name\n4711,Peter Pan\n", None),
        ("id,name\n4711,Peter Pan\ndoe,Jane Doe\n", None),
        ("id,name\n4711,Jane Roe\ndoe,Jane Doe\n", None),
        ("id,name\n1,Jane Doe\n2,Jane Doe\n", None),
    ],
)
def test_a_number_is_believed_where_the_name_does_not_speak_against_it(tmp_path: Path, people: str, student: str | None) -> None:
    files: dict[str, str | bytes] = {"Jane Doe_4711_assignsubmission_file_/homework.py": "x"}
    for intake in both(tmp_path, files, people):
        assert [attempt.student for attempt in intake.attempts] == ([student] if student else [])
        assert len(intake.unmatched) == (student is None)


@given(st.text(min_size=1, max_size=20), st.integers(0, 10**12), st.sampled_from(["file", "onlinetext"]))
def test_any_name_survives_moodle(name: str, number: int, kind: str) -> None:
    found = moodle_name(f"{name}_{number}_assignsubmission_{kind}_")
    assert found and (found.person, found.lms_id, found.is_text) == (name, str(number), kind == "onlinetext")


@pytest.mark.parametrize("name", ["anna", "anna_4711_file_", "_4711_assignsubmission_file_", "a_b_assignsubmission_file_"])
def test_other_names_are_not_moodles(name: str) -> None:
    assert moodle_name(name) is None


# --- Canvas ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def canvas(tmp_path: Path) -> dict[str, str | bytes]:
    return {
        "doejane_11_101_hw.zip": packed(CODE, tmp_path),
        "roezoe_LATE_12_102_hw-1.zip": packed(CODE, tmp_path),
        "roezoe_LATE_12_103_report.pdf": b"%PDF",
        "ivanovivan_13_104_homework.ipynb": "{}",
        "ivanovivan_13_105_net-1.py": "z",
        "smithann_14_text.html": "<p>see my site</p>",
    }


def test_a_canvas_export(tmp_path: Path, canvas: dict[str, str | bytes]) -> None:
    for intake in both(tmp_path, canvas):
        assert {(one.id, one.name) for one in intake.students} == {
            ("11", "doejane"),
            ("12", "roezoe"),
            ("13", "ivanovivan"),
            ("14", "smithann"),
        }
        sources = {attempt.student: attempt.source for attempt in intake.attempts}
        assert sources["11"].name == "doejane_11_101_hw.zip" and sources["12"].name == "roezoe_LATE_12_102_hw-1.zip"
        assert texts(sources["13"]) == {"homework.ipynb": "{}", "net.py": "z"} and len(intake.attempts) == 4
        assert "text.html" in texts(sources["14"]) and not intake.unmatched


def test_a_canvas_export_with_a_roster(tmp_path: Path, canvas: dict[str, str | bytes]) -> None:
    people = 'id,name\nd,"Doe, Jane"\nr,Zoë Roe\n13,Иванов Иван\n'
    for intake in both(tmp_path, canvas, people):
        assert set(counting(intake)) == {"d", "r", "13"}
        assert [student.lms_id for student in intake.students] == ["11", "12", "13"]
        assert [*reasons(intake)] == ["smithann_14_text.html"]


def test_what_canvas_marks_late_yields_to_what_is_not_and_its_time_is_asked_for(tmp_path: Path) -> None:
    folder = fill(tmp_path / "export", {"doejane_11_101_hw.py": "x", "doejane_LATE_11_102_hw-1.py": "y", "roezoe_LATE_12_103_hw.py": "z"})
    intake = take(folder, late=LATE)
    assert counting(intake) == {"11": "doejane_11_101_hw.py", "12": "roezoe_LATE_12_103_hw.py"} and len(intake.attempts) == 3
    assert [*reasons(intake)] == ["roezoe_LATE_12_103_hw.py"] and "attempts.csv" in intake.unmatched[0].reason
    assert not take(folder).unmatched
    fill(folder, {"attempts.csv": "source,handed_in\nroezoe_LATE_12_103_hw.py,2026-12-01 10:00\n"})
    told = take(folder, late=LATE)
    assert not told.unmatched and [one.handed_in for one in told.attempts if one.student == "12"] != [None]


def test_files_handed_in_again_are_attempts_and_the_last_counts(tmp_path: Path) -> None:
    names = {"d_1_10_hw.zip": b"1", "d_1_11_hw-1.zip": b"2", "d_1_12_hw-2.zip": b"3"}
    intake = take(fill(tmp_path / "export", dict(names)))
    assert [attempt.source.name for attempt in intake.attempts] == [*names] and counting(intake) == {"1": "d_1_12_hw-2.zip"}
    again = take(fill(tmp_path / "two exports", {"d_1_10_hw.py": "1", "d_1_90_hw.py": "2"}))
    assert [texts(attempt.source) for attempt in again.attempts if attempt.counts] == [{"hw.py": "2"}] and len(again.attempts) == 2


def test_a_file_that_was_not_handed_in_again_belongs_to_both_attempts(tmp_path: Path) -> None:
    folder = fill(tmp_path / "export", {"d_1_10_a.py": "a", "d_1_11_b.py": "b", "d_1_12_b-1.py": "b again"})
    fill(folder, {"attempts.csv": "source,handed_in\nd_1_10_a.py,2026-11-30 10:00\nd_1_12_b-1.py,2026-12-02 10:00\n"})
    first, second = take(folder, late=LATE).attempts
    assert texts(first.source) == {"a.py": "a", "b.py": "b"} and texts(second.source) == {"a.py": "a", "b.py": "b again"}
    assert (first.counts, second.counts) == (True, False) and first.label != second.label


@pytest.mark.parametrize(
    "names",
    [
        ["ivanov_2026_4_hw.zip", "petrov_2026_5_hw.zip"],
        ["ivanov_101_4_hw.zip", "petrov_102_4_hw.zip"],
        ["ivanov_hw.zip"],
        ["ivanov_4_hw.zip"],
    ],
    ids=["one number of two people", "one attachment of two people", "no number", "one number"],
)
def test_names_that_only_look_like_canvas_are_students_each(tmp_path: Path, names: list[str]) -> None:
    assert canvas_names(names) == {}
    intake = take(fill(tmp_path / "work in", dict.fromkeys(names, b"")))
    assert counting(intake) == {name.removesuffix(".zip"): name for name in names}


def test_a_folder_that_was_put_beside_an_export_is_a_student(tmp_path: Path) -> None:
    intake = take(fill(tmp_path / "export", {"doejane_11_101_hw.zip": b"", "petrov/homework.py": "x"}))
    assert counting(intake) == {"11": "doejane_11_101_hw.zip", "petrov": "petrov"}


@pytest.mark.parametrize(
    ("names", "attempts"),
    [
        (["a.zip"], [{"a.zip": "a.zip"}]),
        (["a.zip", "a-1.zip"], [{"a.zip": "a.zip"}, {"a.zip": "a-1.zip"}]),
        (["a-1.zip"], [{"a-1.zip": "a-1.zip"}]),
        (["p-1.py", "p-2.py"], [{"p-1.py": "p-1.py", "p-2.py": "p-2.py"}]),
        (["a.py", "b.py", "b-1.py"], [{"a.py": "a.py", "b.py": "b.py"}, {"a.py": "a.py", "b.py": "b-1.py"}]),
        (["a.py", "a-1.ipynb"], [{"a.py": "a.py", "a-1.ipynb": "a-1.ipynb"}]),
    ],
)
def test_attempts_among_names(names: list[str], attempts: list[dict[str, str]]) -> None:
    assert attempts_among(names) == attempts


@given(st.sets(st.from_regex(r"[ab](-[12]){0,3}\.py", fullmatch=True), min_size=1))
@example({"a.py", "a-1.py", "a-1-1.py"})
def test_every_file_is_in_some_attempt_and_the_last_has_the_newest(names: set[str]) -> None:
    attempts = attempts_among(names)
    assert {name for attempt in attempts for name in attempt.values()} == names
    assert all(set(one) <= set(two) for one, two in pairwise(attempts))


# --- the archive of an export ----------------------------------------------------------------------------------------

TOP = "Jane Doe_1_assignsubmission_file_"


def test_a_folder_packed_by_hand_is_looked_into(tmp_path: Path) -> None:
    path = pack(tmp_path / "all.zip", {f"HW 4/{TOP}/a.py": "x", "HW 4/B C_2_assignsubmission_file_/a.py": "", "__MACOSX/HW 4/._x": ""})
    assert set(counting(take(path))) == {"1", "2"}
    assert set(counting(take(pack(tmp_path / "one.zip", {f"{TOP}/a.py": "x"})))) == {"1"}


def test_an_archive_is_unpacked_once_and_again_where_it_is_another(tmp_path: Path) -> None:
    path, work = pack(tmp_path / "all.zip", {f"{TOP}/a.py": "x"}), tmp_path / "work"
    first = take(path, work=work).attempts[0].source
    (first / "trace").write_text("")
    assert (take(path, work=work).attempts[0].source / "trace").exists()
    shutil.rmtree(first.parents[1] / "left_out.json", ignore_errors=True)
    pack(path, {f"{TOP}/a.py": "y"})
    second = take(path, work=work).attempts[0].source
    assert texts(second) == {"a.py": "y"} and content_hash(second) != content_hash(first)


def test_an_unpacking_that_was_interrupted_starts_again(tmp_path: Path) -> None:
    path, work = pack(tmp_path / "all.zip", {f"{TOP}/a.py": "x"}), tmp_path / "work"
    folder = take(path, work=work).attempts[0].source
    (folder.parents[1] / "left_out.json").unlink()
    (folder / "a.py").write_text("half")
    assert texts(take(path, work=work).attempts[0].source) == {"a.py": "x"}


def entry(name: str, mode: int = 0o100644) -> ZipInfo:
    info = ZipInfo("placeholder")
    info.filename = info.orig_filename = name
    info.external_attr = mode << 16
    return info


def test_what_is_hostile_in_it_is_left_out_and_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = pack(tmp_path / "cohort" / "all.zip", {f"{TOP}/a.py": "x"})
    bad = ["../../up.py", "/etc/passwd2", f"{TOP}/../../up2.py", f"{TOP}/C:\\x.py", "x\ny/a.py", f"{TOP}/{'n' * 300}.py", f"{TOP}/A.py"]
    with ZipFile(path, "a", ZIP_STORED) as archive:
        for name in bad:
            archive.writestr(entry(name), "bad")
        archive.writestr(entry(f"{TOP}/link.py", stat.S_IFLNK | 0o777), "/etc/passwd")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(entry(f"{TOP}/a.py"), "twice")
        archive.writestr(entry("Other One_2_assignsubmission_file_/b.py"), "damaged!")
    path.write_bytes(path.read_bytes().replace(b"damaged!", b"DAMAGED!"))
    for intake in (take(path), take(path)):
        sources = {attempt.student: attempt.source for attempt in intake.attempts}
        assert texts(sources["1"]) == {"a.py": "x", "A.py": "bad"}
        said = reasons(intake)
        assert len(said) == 9 and any("damaged" in reason for reason in said.values())
        assert any("x\\u000ay" in label for label in said)
    assert not list(tmp_path.rglob("up*.py")) and {each.name for each in tmp_path.iterdir()} == {"cohort"}


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no archive", "damaged or no .zip"), (b"", "damaged or no .zip"), (None, "no export of Moodle or Canvas")],
)
def test_an_archive_that_is_no_export_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = pack(tmp_path / "homework.zip", {"homework.py": "", "models/net.py": ""})
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        take(path)


def test_a_disk_that_fills_up_is_told_and_the_next_call_starts_again(tmp_path: Path) -> None:
    path = pack(tmp_path / "all.zip", {f"{TOP}/a.py": "x"})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "copyfileobj", full)
        with pytest.raises(InputError, match="No space left"):
            take(path)
    assert texts(take(path).attempts[0].source) == {"a.py": "x"}


def test_an_archive_that_the_disk_has_no_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / "all.zip", {f"{TOP}/a.py": "x"})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="make room"):
        take(path)
