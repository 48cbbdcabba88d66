"""Files that cannot, or must not, be imported as they stand: what of them can be had all the same, and what is said about it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.worker.quiet import Quiet
from tests.worker.alone import ask_alone

CASE = "as_handed_in"


class Asked:
    """The answers of one worker, which is asked all questions at once."""

    def __init__(self, questions: list[tuple[str, dict[str, Any]]]) -> None:
        self._questions = questions
        self._answers = ask_alone(CASE, *questions)

    def load(self, file: str) -> dict[str, Any]:
        return self._answer("load", {"file": file})

    def build(self, file: str, name: str, **arguments: Any) -> dict[str, Any]:
        return self._answer("build", {"file": file, "name": name, "arguments": arguments})

    def facts(self, file: str, name: str) -> dict[str, Any]:
        return self._answer("facts", {"file": file, "name": name})

    def _answer(self, verb: str, question: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self._answers[self._questions.index((verb, dict(question)))])


FILES = (
    "trains_at_import.py", "missing_packages.py", "broken_function.py", "newer_python.py", "inside.py", "windows.py",
    "homework/experiment.py", "homework/relative.py", "lecture/example.py", "homework/nets/parts.py",
    "homework/task 1-nets.py",
)  # fmt: skip
NAMES = (
    ("trains_at_import.py", "Net"), ("missing_packages.py", "Plain"), ("missing_packages.py", "Lit"), ("broken_function.py", "Before"),
    ("broken_function.py", "After"), ("newer_python.py", "Net"), ("inside.py", "Chosen"), ("inside.py", "make_nets.Net"),
    ("inside.py", "make_nets.Part"), ("inside.py", "make_nets.Bound"), ("inside.py", "make_nets.Absent"),
    ("inside.py", "Trainer.build.Inner"), ("inside.py", "Trainer.build.Free"), ("inside.py", "Guarded"), ("windows.py", "Net"),
    ("needs_what_failed.py", "Net"), ("needs_what_failed.py", "Late"), ("command_line.py", "Net"),
    ("defined_anew.py", "One"), ("defined_anew.py", "Two"), ("defined_anew.py", "Block"),
)  # fmt: skip
FACTS = (("homework/experiment.py", "Wide"), ("homework/relative.py", "Deep"), ("lecture/example.py", "Example"))


@pytest.fixture(scope="module")
def asked() -> Asked:
    questions: list[tuple[str, dict[str, Any]]] = [("load", {"file": file}) for file in FILES]
    questions += [("build", {"file": file, "name": name, "arguments": {}}) for file, name in NAMES]
    questions += [("facts", {"file": file, "name": name}) for file, name in FACTS]
    return Asked(questions)


def test_a_clean_file_is_imported(asked: Asked) -> None:
    assert asked.load("homework/nets/parts.py") == {"names": ["Block"], "how": "imported", "notes": []}


def test_a_file_that_trains_is_not_run_but_its_classes_are_there(asked: Asked) -> None:
    found = asked.load("trains_at_import.py")  # it would go on for ever
    assert (found["names"], found["how"]) == (["widths", "Net"], "definitions")
    assert found["notes"] == ["left out, because it does more than define: line 11, 36-37"]


def test_what_a_class_needs_of_a_function_of_the_file_is_there(asked: Asked) -> None:
    assert asked.build("trains_at_import.py", "Net")["head.weight"] == [2, 8]


def test_packages_that_are_not_installed_keep_no_class_from_being_built(asked: Asked) -> None:
    found = asked.load("missing_packages.py")
    assert (found["names"], found["how"]) == (["Plain", "Folding", "Lit"], "definitions")
    assert any("colourful_progress, painted_plots, imagined_layers" in note for note in found["notes"])
    assert "torch" not in str(found["notes"])
    assert asked.build("missing_packages.py", "Plain") == {"head.weight": [2, 4], "head.bias": [2]}
    assert asked.build("missing_packages.py", "Lit") == {"head.weight": [2, 4], "head.bias": [2]}


def test_an_environment_that_was_handed_in_is_no_work_of_the_student(tmp_path: Path) -> None:
    (tmp_path / "env/packages").mkdir(parents=True)
    (tmp_path / "env/pyvenv.cfg").write_text("home = /usr/bin\n")
    (tmp_path / "env/packages/imagined.py").write_text("raise RuntimeError('this was run')\n")
    (tmp_path / "net.py").write_text("import imagined\n\n\nclass Net:\n    pass\n")
    (found,) = ask_alone(tmp_path, ("load", {"file": "net.py"}))
    assert found["names"] == ["Net"] and "imagined: not installed here" in found["notes"][1]


def test_what_does_not_parse_hides_nothing_beside_it(asked: Asked) -> None:
    found = asked.load("broken_function.py")
    assert (found["names"], found["how"]) == (["Before", "After"], "definitions")
    assert [note for note in found["notes"] if note.startswith(("line 14 ", "line 18 "))]
    assert asked.build("broken_function.py", "Before") == asked.build("broken_function.py", "After")


def test_f_strings_of_a_newer_python_keep_their_functions(asked: Asked) -> None:
    assert asked.load("newer_python.py")["names"] == ["Net", "report"]
    assert "weight" in asked.build("newer_python.py", "Net")


def test_a_file_that_is_not_in_utf_8(asked: Asked) -> None:
    assert asked.load("windows.py")["names"] == ["Net"]
    assert asked.build("windows.py", "Net")["weight"] == [2, 2]


def test_classes_inside_functions_come_with_what_they_need(asked: Asked) -> None:
    assert asked.load("inside.py") == {"names": ["Chosen", "make_nets", "Trainer"], "how": "imported", "notes": []}
    assert asked.build("inside.py", "make_nets.Part") == {"weight": [6]}
    assert asked.build("inside.py", "make_nets.Net") == {"part.weight": [6]}
    assert "fault" not in asked.build("inside.py", "Trainer.build.Free")


@pytest.mark.parametrize(("name", "local"), [("make_nets.Bound", "data"), ("Trainer.build.Inner", "self")])
def test_a_class_that_needs_what_its_function_calculates_says_so(asked: Asked, name: str, local: str) -> None:
    fault = asked.build("inside.py", name)["fault"]
    assert fault["kind"] == "missing" and f"uses {local} of the function around it" in fault["message"] and fault["remedy"]


def test_a_name_that_is_in_no_function(asked: Asked) -> None:
    assert "has no make_nets.Absent" in asked.build("inside.py", "make_nets.Absent")["fault"]["message"]


def test_a_class_under_the_main_guard_or_in_a_branch(asked: Asked) -> None:
    assert len(asked.build("inside.py", "Guarded")) == 4
    assert "fault" not in asked.build("inside.py", "Chosen")


def test_a_class_that_needs_what_failed_names_the_failure(asked: Asked) -> None:
    built = asked.build("needs_what_failed.py", "Net")["fault"]
    assert (built["kind"], built["line"]) == ("import", 6) and "IndexError" in built["message"]
    defined = asked.build("needs_what_failed.py", "Late")["fault"]
    assert (defined["kind"], defined["line"]) == ("import", 17) and "Late" in defined["message"]


def test_a_class_that_is_defined_anew_changes_nothing_that_stands_before_it(asked: Asked) -> None:
    assert asked.build("defined_anew.py", "One")["block.first.weight"] == [2, 3]
    assert asked.build("defined_anew.py", "Two")["block.second.weight"] == [2, 5]
    assert "before" in asked.build("defined_anew.py", "Block")["fault"]["message"]


def test_a_command_line_has_nothing_on_it(asked: Asked) -> None:
    assert asked.build("command_line.py", "Net")["weight"] == [1, 7]


def test_a_file_whose_name_is_no_name_of_python(asked: Asked) -> None:
    assert asked.load("homework/task 1-nets.py") == {"names": ["Block"], "how": "imported", "notes": []}


def test_a_file_is_one_module_by_whatever_name_it_is_imported(asked: Asked) -> None:
    assert asked.facts("homework/relative.py", "Deep")["is_same"] is True
    assert "Block" in asked.facts("homework/experiment.py", "Wide")["bases"]


def test_two_folders_may_have_tools_of_one_name(asked: Asked) -> None:
    names = [asked.facts(file, name)["name"] for file, name in FACTS]
    assert names == ["homework", "homework", "lecture"]


QUIET = (
    "import os", "from x import *", "LR = 1e-3", "SIZES = [2**n for n in range(4)]", "ROOT = Path(__file__).resolve().parent / 'x'",
    "device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')", "torch.manual_seed(0)", "set_seed(42)", "print('hello')",
    "sys.path.append(os.path.dirname(os.path.abspath(__file__)))", "os.makedirs('plots', exist_ok=True)", "plt.style.use('dark')",
    "ACTS = {'relu': nn.ReLU, 'silu': lambda: train()}", "plt.rcParams['font.size'] = 3", "net = Net(3)", "CONFIG = own.Config(width=3)",
    "if __name__ == '__main__':\n    train()", "try:\n    import tqdm\nexcept ImportError:\n    tqdm = None",
    "if torch.cuda.is_available():\n    torch.backends.cudnn.benchmark = True", "log = logging.getLogger(__name__)",
    "tf = transforms.Compose([transforms.ToTensor()])", "def f():\n    train()", "class A:\n    x = 1",
    "'''doc'''", "x: int = 3",
    "log = own.get_logger('x')", "DEVICE = pick()", "assert LR", "parser.add_argument('--lr')",
    "args = parser.parse_args()", "parser = argparse.ArgumentParser()",
)  # fmt: skip
LOUD = (
    "train()", "data = datasets.MNIST('data', download=True)", "for k in (3, 5):\n    run(k)", "with open('x') as f:\n    pass",
    "plt.plot([1])", "plt.show()", "x = open('x').read()", "history = fit(Net())", "while True:\n    pass", "print(train())",
    "if True:\n    train()", "try:\n    train()\nexcept OSError:\n    pass", "loader = DataLoader([])", "torch.save({}, 'x')",
    "w = torch.load('w.pt')", "raise SystemExit", "os.system('ls')", "exec('1')", "y = [train(k) for k in (1, 2)]", "Net()(x).backward()",
    "model.fit(x)", "subprocess.run(['x'])", "requests.get('x')", "x = own.prepare()",
    "work()", "y = works()", "endless()",
    "x = Digits()", "x = own.DigitsDataset()",
)  # fmt: skip
HEAD = """
import argparse, os, sys, logging, subprocess, requests, torch, own
import matplotlib.pyplot as plt
from pathlib import Path
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms
class Net(nn.Module): pass
class Digits:
    def __init__(self): self.data = datasets.MNIST("data", download=True)
def pick(kind=None): return torch.device(kind or other())
def other(): return "cpu" if torch.cuda.is_available() else "cuda"
def work():
    for x in range(3): Net()(x).backward()
def works(): return [work()]
def endless():
    while True: pass
"""


@pytest.mark.parametrize(("text", "is_quiet"), [*((text, True) for text in QUIET), *((text, False) for text in LOUD)])
def test_what_does_more_than_define(text: str, is_quiet: bool) -> None:
    statements = [*ast.parse(HEAD).body, *ast.parse(text).body]
    assert Quiet(statements, lambda name: name == "own").is_quiet(statements[-1]) is is_quiet
