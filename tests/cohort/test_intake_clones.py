"""A list of Git clones: the last commit before the deadline, nothing of a repository run, and no failure that ends the rest."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from grader.cohort import git as git_room
from grader.cohort.clones import read_list
from grader.cohort.content import content_hash
from grader.cohort.git import CloneError, clone, without_secrets
from grader.errors import InputError
from tests.cohort.shelf import DEADLINE, LATE, counting, fill, git, reasons, repository, take, texts


def days(after: float) -> datetime:
    return DEADLINE + timedelta(days=after)


def listing(folder: Path, text: str, name: str = "clones.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def anna(tmp_path: Path) -> Path:
    """Four commits: three before the deadline, one after."""
    return repository(tmp_path / "anna", {days(after): {"a.py": str(after)} for after in (-9, -2, -1, 1)})


@pytest.fixture
def boris(tmp_path: Path) -> Path:
    return repository(tmp_path / "boris", {days(2): {"a.py": "2"}, days(3): {"a.py": "3"}})


# --- which commit ----------------------------------------------------------------------------------------------------


def test_the_last_commit_before_the_deadline_counts_else_the_newest(tmp_path: Path, anna: Path, boris: Path) -> None:
    intake = take(listing(tmp_path, "anna\nboris\n"), late=LATE)
    found = {attempt.student: (texts(attempt.source), attempt.handed_in) for attempt in intake.attempts}
    assert found == {"anna": ({"a.py": "-1"}, days(-1)), "boris": ({"a.py": "3"}, days(3))} and not intake.unmatched


def test_without_a_deadline_the_newest_counts(tmp_path: Path, anna: Path) -> None:
    (attempt,) = take(listing(tmp_path, f"anna,{anna}\n")).attempts
    assert texts(attempt.source) == {"a.py": "1"}
    assert git(anna, "rev-parse", "HEAD")[:10] in attempt.label


def test_a_deadline_of_ones_own_chooses_the_commit(tmp_path: Path, anna: Path) -> None:
    people = f"id,deadline\nanna,{days(-1.5).isoformat()}\n"
    (attempt,) = take(listing(tmp_path, "anna\n"), people, LATE).attempts
    assert texts(attempt.source) == {"a.py": "-2"}


def test_a_commit_within_the_grace_or_at_the_deadline_is_on_time(tmp_path: Path) -> None:
    repository(tmp_path / "c", {DEADLINE: {"a.py": "0"}, DEADLINE + LATE.grace: {"a.py": "grace"}, days(1): {"a.py": "1"}})
    (attempt,) = take(listing(tmp_path, "c\n"), late=LATE).attempts
    assert texts(attempt.source) == {"a.py": "grace"}


def test_dates_that_do_not_ascend_are_found_in_the_whole_history(tmp_path: Path) -> None:
    repository(tmp_path / "c", {days(-5): {"a.py": "-5"}, days(9): {"a.py": "9"}, days(2): {"a.py": "2"}, days(8): {"a.py": "8"}})
    (attempt,) = take(listing(tmp_path, "c\n"), late=LATE).attempts
    assert texts(attempt.source) == {"a.py": "-5"}


def test_only_the_history_since_the_deadline_is_fetched(tmp_path: Path) -> None:
    noise = {days(-100 + step): {f"big{step}.py": os.urandom(200_000)} for step in range(40)}
    path = repository(tmp_path / "c", {**noise, days(-1): {"big0.py": ""}, days(1): {"a.py": ""}})
    for step in range(40):
        (path / f"big{step}.py").unlink()
    git(path, "add", "-A")
    git(path, "commit", "-qm", "small again", when=days(-0.5))
    git(path, "commit", "-qm", "late", "--allow-empty", when=days(2))
    sizes: list[int] = []
    original = git_room._Git.__call__

    def measured(self: git_room._Git, *arguments: str, **how: bool) -> str:
        said = original(self, *arguments, **how)
        sizes.append(sum(each.stat().st_size for each in self.folder.rglob("*.pack")))
        return said

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(git_room._Git, "__call__", measured)
        (attempt,) = take(listing(tmp_path, "c\n"), late=LATE).attempts
    assert attempt.handed_in == days(-0.5) and max(sizes) < 1_000_000


def test_what_an_instructor_states_of_a_clone_wins(tmp_path: Path, anna: Path) -> None:
    fill(tmp_path, {"attempts.csv": f"source,id,handed_in\nanna,a,{days(5).isoformat()}\n"})
    (attempt,) = take(listing(tmp_path, "anna\n"), "id\na\n", LATE).attempts
    assert (attempt.student, attempt.handed_in) == ("a", days(5))


def test_a_clone_is_replaced_by_the_next_and_equal_content_has_one_digest(tmp_path: Path, anna: Path) -> None:
    path = listing(tmp_path, "anna\n")
    first = take(path).attempts[0].source
    digest = content_hash(first)
    assert content_hash(take(path).attempts[0].source) == digest
    fill(anna, {"b.py": ""})
    git(anna, "add", "-A")
    git(anna, "commit", "-qm", "more")
    assert take(path).attempts[0].source == first and content_hash(first) != digest
    assert not (first / ".git").exists() and [each.name for each in first.parent.iterdir()] == [first.name]


def test_a_clone_that_fails_leaves_what_was_there(tmp_path: Path, anna: Path) -> None:
    path = listing(tmp_path, "anna\n")
    source = take(path).attempts[0].source
    (anna / ".git" / "HEAD").write_text("broken")
    assert not take(path).attempts and texts(source) == {"a.py": "1"}


# --- the list --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "students"),
    [
        ("# clones\n\nanna\n  boris  \n", ["anna", "boris"]),
        ("x,anna\ny,boris\n", ["x", "y"]),
        ("id;name;url\nx;Anna;anna\n;Boris;boris\n", ["x", "boris"]),
        ("Path\nanna\n", ["anna"]),
        ("anna\nx,boris\n", ["anna", "x"]),
    ],
)
def test_lists_however_they_are_written(tmp_path: Path, anna: Path, boris: Path, text: str, students: list[str]) -> None:
    intake = take(listing(tmp_path, text, "clones.csv"))
    assert sorted(counting(intake)) == sorted(students) and not intake.unmatched


@pytest.mark.parametrize(
    ("address", "ids"),
    [
        ("https://github.com/ivanov/hw4.git", ("ivanov/hw4", "ivanov", "hw4")),
        ("https://token:x@example.org/course/group/petrov", ("group/petrov", "group", "petrov")),
        ("git@github.com:ivanov/hw4.git", ("ivanov/hw4", "ivanov", "hw4")),
        ("ssh://git@example.org:22/ivanov/hw4", ("ivanov/hw4", "ivanov", "hw4")),
    ],
)
def test_an_address_says_whose_it_may_be(tmp_path: Path, address: str, ids: tuple[str, ...]) -> None:
    ((one,), _) = read_list(listing(tmp_path, address))
    assert one.ids == ids and one.address == address and "token" not in one.label


def test_a_roster_matches_owner_or_name_of_a_repository(tmp_path: Path, anna: Path) -> None:
    found = read_list(
        listing(tmp_path, "https://127.0.0.1:9/ivanov/hw4\nhttps://127.0.0.1:9/course/hw4-petrov\nhttps://127.0.0.1:9/x/y\n")
    )[0]
    assert len(found) == 3
    intake = take(tmp_path / "clones.txt", "id\nivanov\nhw4-petrov\n")
    said = reasons(intake)
    assert [("cannot be cloned" in reason) for reason in said.values()] == [False, True, True] and len(intake.students) == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ext::sh -c touch% /tmp/pwned", "no address"),
        ("--upload-pack=touch", "no address"),
        ("x,-oProxyCommand=reboot", "no address"),
        ("ftp://example.org/a", '"ftp" are not cloned'),
        ("nowhere", "no such folder"),
        ("a,b,c", "3 values"),
        ("x\x1b,anna", "control characters"),
        ("x,", "needs an address"),
        (f"{'x' * 300},anna", "at most 200"),
    ],
)
def test_a_line_that_cannot_be_cloned_is_listed(tmp_path: Path, anna: Path, line: str, words: str) -> None:
    intake = take(listing(tmp_path, f"anna\n{line}\n"))
    (one,) = intake.unmatched
    assert counting(intake).keys() == {"anna"} and words in one.reason and one.label.startswith("line 2")


def test_one_repository_twice_for_one_student_is_listed(tmp_path: Path, anna: Path) -> None:
    intake = take(listing(tmp_path, "anna\nanna\nb,anna\n"))
    assert set(counting(intake)) == {"anna", "b"} and "more than once" in reasons(intake)["anna"]


@pytest.mark.parametrize(
    ("text", "words"), [("", "names no clone"), ("# none\n", "names no clone"), ("id,name\nx,y\n", "column for the address")]
)
def test_what_is_no_list_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        take(listing(tmp_path, text))


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_failures_are_listed_and_the_rest_goes_on(tmp_path: Path, anna: Path) -> None:
    fill(tmp_path / "plain", {"a.py": ""})
    git(fill(tmp_path / "empty", {}), "init", "-q")
    intake = take(listing(tmp_path, "plain\nempty\nanna\nhttp://user:secret@127.0.0.1:9/x/y\n"), "id\nplain\nempty\nanna\nx\n")
    said = reasons(intake)
    assert set(counting(intake)) == {"anna"} and set(said) == {"plain", "empty", "http://127.0.0.1:9/x/y"}
    assert "not appear to be a git repository" in said["plain"] and "no commit" in said["empty"]
    assert "secret" not in str(intake) and len(intake.students) == 4


@pytest.fixture
def mute() -> Iterator[str]:
    """The address of a server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/a/b"


def test_a_server_that_never_answers_is_left(tmp_path: Path, mute: str) -> None:
    started = time.monotonic()
    with pytest.raises(CloneError, match="too long"):
        clone(mute, tmp_path / "x", before=None, stop=threading.Event(), seconds=0.5)
    assert time.monotonic() - started < 5 and not list(tmp_path.iterdir())


def test_a_clone_can_be_stopped(tmp_path: Path, mute: str) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()
    with pytest.raises(CloneError, match="stopped"):
        clone(mute, tmp_path / "x", before=None, stop=stop)
    assert time.monotonic() - started < 5


def test_ctrl_c_waits_for_no_server(tmp_path: Path, mute: str, anna: Path) -> None:
    path = listing(tmp_path, "anna\n" + "".join(f"s{number},{mute}\n" for number in range(20)))
    threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        take(path)
    assert time.monotonic() - started < 2 + 5


@pytest.mark.parametrize("address", ["ext::touch mark", "file:///anywhere"])
def test_git_itself_refuses_what_is_no_address_of_a_server(tmp_path: Path, address: str, anna: Path) -> None:
    with pytest.raises(CloneError):
        clone(address.replace("file:///anywhere", f"FILE://{anna}"), tmp_path / "x", before=None, stop=threading.Event())
    assert not list(tmp_path.rglob("mark")) and not (tmp_path / "x").exists()


def test_a_repository_that_grows_too_large_is_left(tmp_path: Path, anna: Path) -> None:
    """A tree of trees: few bytes to fetch, a hundred million files to write."""
    blob = git(anna, "hash-object", "-w", "a.py")
    kind, object_id = "100644 blob", blob
    for _ in range(6):
        lines = "".join(f"{kind} {object_id}\tf{number}\n" for number in range(20))
        (anna / "tree.txt").write_text(lines)
        with (anna / "tree.txt").open() as stream:
            made = subprocess.run(["git", "mktree"], cwd=anna, stdin=stream, capture_output=True, text=True, check=True)
        kind, object_id = "040000 tree", made.stdout.strip()
    commit = git(anna, "commit-tree", object_id, "-m", "bomb")
    git(anna, "update-ref", "HEAD", commit)
    started = time.monotonic()
    with pytest.raises(CloneError, match="more than"):
        clone(anna.as_uri(), tmp_path / "x", before=None, stop=threading.Event())
    assert not (tmp_path / "x").exists() and time.monotonic() - started < 60


def test_files_that_are_too_large_together_are_not_written(tmp_path: Path, anna: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_room, "MAX_BYTES", 10)
    assert clone(anna.as_uri(), tmp_path / "x", before=None, stop=threading.Event())
    fill(anna, {"b.py": "x" * 11})
    git(anna, "add", "-A")
    git(anna, "commit", "-qm", "more")
    with pytest.raises(CloneError, match="data sets"):
        clone(anna.as_uri(), tmp_path / "y", before=None, stop=threading.Event())


# --- nothing of a repository is run ------------------------------------------------------------------------------------


def test_no_hook_filter_link_or_submodule(tmp_path: Path, anna: Path, boris: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "ran"
    program = f"#!/bin/sh\necho >> {mark}\n"
    template = fill(tmp_path / "home" / "template", {"hooks/post-checkout": program, "hooks/reference-transaction": program})
    for hook in (template / "hooks").iterdir():
        hook.chmod(0o755)
    config = f'[init]\ntemplateDir = {template}\n[filter "evil"]\nsmudge = touch {mark}\n[core]\nhooksPath = {template}/hooks\n'
    fill(tmp_path / "home", {".gitconfig": config})
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {mark}")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", f"touch {mark}")
    git(anna, "submodule", "add", "-q", boris.as_uri(), "other")
    (anna / "link").symlink_to("/etc/passwd")
    fill(anna, {".gitattributes": "*.py filter=evil\nlfs.bin filter=lfs\n", "lfs.bin": "version https://git-lfs.github.com/spec/v1\n"})
    git(anna, "add", "-A")
    git(anna, "commit", "-qm", "all of it")
    mark.unlink(missing_ok=True)
    (attempt,) = take(listing(tmp_path, "anna\n")).attempts
    assert not mark.exists()
    found = texts(attempt.source)
    assert found["link"] == "/etc/passwd" and not (attempt.source / "link").is_symlink()
    assert "lfs.bin" in found and not any(name.startswith("other/") for name in found)


def test_git_hears_nothing_of_the_environment(tmp_path: Path, anna: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "never")
    assert take(listing(tmp_path, "anna\n")).attempts


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("https://user:token@example.org/a/b", "https://example.org/a/b"),
        ("https://ghp_1@example.org/a", "https://example.org/a"),
        ("https://example.org/a@b", "https://example.org/a@b"),
        ("git@example.org:a/b", "git@example.org:a/b"),
    ],
)
def test_addresses_are_shown_without_secrets(address: str, seen: str) -> None:
    assert without_secrets(address) == seen


def test_eight_at_a_time(tmp_path: Path) -> None:
    for number in range(24):
        repository(tmp_path / f"s{number:02}", {days(-1): {"a.py": str(number)}})
    started = time.monotonic()
    intake = take(listing(tmp_path, "".join(f"s{number:02}\n" for number in range(24))), late=LATE)
    print(f"24 local clones: {time.monotonic() - started:.2f} s")
    assert [texts(attempt.source)["a.py"] for attempt in intake.attempts] == [str(number) for number in range(24)]
