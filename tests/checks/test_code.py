"""Reading code: what a function does counts; comments, strings, imports, stubs and calls of stubs do not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from grader.checks import code
from grader.checks.live_code import regions
from grader.records import Fault, Judgement, Review
from grader.submission import open_submission
from tests.checks.experiment_work import case_of, evidence
from tests.folders import write

TIMING = {"what": "measures the time of a training", "together": [r"(^|\.)(perf_counter|time)$", "backward$|train"]}
LOOP = """import time

def fit(model, loss):
    start = time.perf_counter()
    loss.backward()
    return time.perf_counter() - start
"""


def judged(root: Path, text: str, name: str = "homework.py", **require: Any) -> Judgement:
    case = case_of(code, [{"check": "code", "require": {"traces": [TIMING], **require}}])
    judgement = code.judge(case, evidence(root, {name: text}))
    assert judgement is not None
    return judgement


def test_code_that_does_it_counts_and_a_person_should_look(tmp_path: Path) -> None:
    judgement = judged(tmp_path, LOOP)
    assert judgement.fraction == 1
    assert judgement.review is Review.RECOMMENDED
    assert judgement.look_at == "homework.py:4"
    assert str(judgement.found) == "homework.py:4"


WORKING = {
    "a method": "class Trainer:\n    def run(self, m):\n        t = time.time()\n        self.train_model(m)\n",
    "a script": "from time import perf_counter\nstart = perf_counter()\nmodel.train()\n",
    "a nested function": "def outer():\n    def inner():\n        time.time()\n    train(inner)\n",
    "an async function": "async def run():\n    time.time()\n    await train()\n",
    "under a guard": "if __name__ == '__main__':\n    time.time()\n    train()\n",
}


@pytest.mark.parametrize("text", WORKING.values(), ids=WORKING.keys())
def test_code_counts_wherever_it_stands(tmp_path: Path, text: str) -> None:
    assert judged(tmp_path, text).fraction == 1


IDLE = {
    "comments": "# time.perf_counter() around loss.backward()\n",
    "strings": "PLAN = 'time.perf_counter() loss.backward()'\n",
    "a docstring": 'def fit():\n    """time.perf_counter() backward()"""\n    return 0\n',
    "imports": "from time import perf_counter\nfrom utils import train_model\n",
    "a stub": "def train(perf_counter):\n    raise NotImplementedError\n",
    "a stub with a message": "def train(time=time.time()):\n    'doc'\n    raise NotImplementedError('write it')\n",
    "a stub with code before": "def train(m):\n    time.time()\n    backward()\n    raise NotImplementedError\n",
    "a body of dots": "def train(time):\n    ...\n",
    "pass": "def train(time):\n    pass\n",
    "a call of a stub": "def train():\n    raise NotImplementedError\n\ndef main():\n    time.time()\n    train()\n",
    "two functions": "def a():\n    time.time()\n\ndef b():\n    train()\n",
    "no Python": "def broken(:\n    time.time(); train()\n",
    "nothing": "",
}


@pytest.mark.parametrize("text", IDLE.values(), ids=IDLE.keys())
def test_what_does_nothing_does_not_count(tmp_path: Path, text: str) -> None:
    judgement = judged(tmp_path, text)
    assert judgement.fraction == 0
    assert judgement.review is Review.NONE
    assert "no code that measures the time of a training" in str(judgement.found)
    assert str(judgement.hint) == "do it"


def test_an_abstract_method_does_not_hide_its_name(tmp_path: Path) -> None:
    abstract = "class Base:\n    @abc.abstractmethod\n    def train(self):\n        ...\n\n"
    assert judged(tmp_path, abstract + "def run(m):\n    time.time()\n    m.train()\n").fraction == 1


def test_only_the_files_that_are_named_are_read(tmp_path: Path) -> None:
    assert judged(tmp_path / "a", LOOP, "utils/training.py", files=["utils/*.py"]).fraction == 1
    assert judged(tmp_path / "b", LOOP, "other/training.py", files=["utils/*.py"]).fraction == 0


def test_each_trace_has_its_share(tmp_path: Path) -> None:
    other = {"what": "counts a confusion matrix", "together": ["confusion"]}
    judgement = judged(tmp_path, LOOP, traces=[TIMING, other])
    assert judgement.fraction == Fraction(1, 2)
    assert "confusion matrix" in str(judgement.found)


def test_the_reason_why_nothing_stronger_counts_is_told(tmp_path: Path) -> None:
    stronger = {"check": "experiment", "require": {"experiment": "mnist", "rules": ["times"]}}
    case = case_of(code, [stronger, {"check": "code", "require": {"traces": [TIMING]}}], index=1)
    fault = Fault("missing", "there is no function run_mnist", "homework.py", remedy="write it")
    judgement = code.judge(case, evidence(tmp_path, {"homework.py": LOOP}, {"mnist": fault}))
    assert judgement is not None
    assert "there is no function run_mnist" in str(judgement.why)
    assert "there is no results/mnist.json" in str(judgement.why)


def test_a_wrong_pattern_is_refused() -> None:
    with pytest.raises(ValidationError, match="regular expression"):
        code.Require.model_validate({"traces": [{"what": "x", "together": ["("]}]})


def test_a_long_chain_of_names_is_cut(tmp_path: Path) -> None:
    submission = open_submission(write(tmp_path, {"homework.py": "x = a" + ".b" * 500}))
    assert max(len(word) for region in regions(submission) for word, _ in region.words) < 40


names = st.sampled_from(["train", "time", "perf_counter", "x"])
statements = st.recursive(
    st.builds(lambda name: [f"{name}()"], names) | st.just(["pass"]) | st.just(["raise NotImplementedError"]),
    lambda inner: st.builds(lambda name, body: [f"def {name}():", *("    " + line for line in body)], names, inner),
    max_leaves=4,
)


@given(st.lists(statements, max_size=5))
def test_no_stub_is_ever_named_by_living_code(tmp_path_factory: pytest.TempPathFactory, blocks: list[list[str]]) -> None:
    text = "\n".join(line for block in blocks for line in block)
    submission = open_submission(write(tmp_path_factory.mktemp("work"), {"homework.py": text}))
    found = list(regions(submission))
    words = {word for region in found for word, _ in region.words}
    for line_before, line in zip(text.split("\n"), text.split("\n")[1:], strict=False):
        if line_before.strip().startswith("def ") and line.strip() in ("pass", "raise NotImplementedError"):
            assert line_before.strip()[4:-3] not in words
