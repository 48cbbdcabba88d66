"""The further requirements: each is seen where it is met, and not where there is only a skeleton of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from grader.checks import advice
from grader.records import Judgement
from tests.checks.experiment_work import case_of, evidence
from tests.folders import picture

NETWORK = '''
class Net(nn.Module):
    """A network."""

    def forward(self, images):
        """Images to logits."""
        return self.layers(images)
'''
SKELETON = NETWORK.replace("return self.layers(images)", "raise NotImplementedError")
TEST = "def test_net():\n    assert Net()(x).shape == (1, 10)\n"


def judged(root: Path, about: str, files: dict[str, Any], least: int = 1) -> Judgement:
    other = {"alternatives": [{"check": "plots", "basis": "artefact on disk", "require": {"files": ["plots/a.png", "plots/b.png"]}}]}
    case = case_of(advice, [{"check": "advice", "require": {"about": about, "least": least}}], others=(other,))
    judgement = advice.judge(case, evidence(root, files))
    assert judgement is not None
    return judgement


MET: list[tuple[str, dict[str, Any], int]] = [
    ("modular", {"models/nets.py": NETWORK}, 1),
    ("plots", {"plots/a.png": picture(), "plots/b.png": picture(1)}, 100),
    ("documentation", {"models/nets.py": NETWORK}, 100),
    ("documentation", {"models/nets.py": "def f(x):\n    # doubles it\n    return 2 * x\n"}, 100),
    ("tests", {"tests/test_nets.py": TEST}, 1),
    ("tests", {"tests/test_nets.py": "def test_it():\n    torch.testing.assert_close(a, b)\n"}, 1),
    ("tests", {"tests/test_nets.py": "def test_it():\n    with pytest.raises(ValueError):\n        f()\n"}, 1),
    ("logging", {"homework.py": "import logging\nlogging.info('started')\n"}, 1),
    ("logging", {"homework.py": "from utils import logger\n\ndef run():\n    logger.info('started')\n"}, 1),
]


@pytest.mark.parametrize(("about", "files", "least"), MET)
def test_what_is_met_is_seen(tmp_path: Path, about: str, files: dict[str, Any], least: int) -> None:
    assert judged(tmp_path, about, files, least).fraction == 1


NOT_MET: list[tuple[str, dict[str, Any]]] = [
    ("modular", {"models/nets.py": SKELETON}),
    ("modular", {"homework.py": NETWORK}),
    ("plots", {"plots/a.png": Image.new("RGB", (99, 99)), "plots/c.png": picture()}),
    ("documentation", {"models/nets.py": SKELETON}),
    ("documentation", {"models/nets.py": "def f(x):\n    return '# 2'\n"}),
    ("tests", {"tests/test_nets.py": "def test_net():\n    print(Net())\n"}),
    ("tests", {"tests/test_nets.py": "def test_net():\n    raise NotImplementedError\n"}),
    ("tests", {"tests/test_nets.py": TEST.replace("test_net", "check_net")}),
    ("logging", {"homework.py": "import logging\n# logging.info('started')\n"}),
    ("logging", {"homework.py": "def run(logger):\n    raise NotImplementedError\n"}),
    ("logging", {"homework.py": "print('started')\n"}),
]


@pytest.mark.parametrize(("about", "files"), NOT_MET)
def test_what_is_not_met_is_told_with_the_hint(tmp_path: Path, about: str, files: dict[str, Any]) -> None:
    judgement = judged(tmp_path, about, files)
    assert judgement.fraction == 0
    assert str(judgement.hint) == "do it"


def test_part_of_it_earns_part_of_it(tmp_path: Path) -> None:
    assert judged(tmp_path / "a", "tests", {"test_nets.py": TEST}, least=4).fraction == Fraction(1, 4)
    assert judged(tmp_path / "b", "plots", {"plots/a.png": picture()}, least=100).fraction == Fraction(1, 2)
    half = judged(
        tmp_path / "c",
        "documentation",
        {"m.py": NETWORK + "\ndef f(x):\n    return x\n\ndef g(x):\n    return x\n"},
        least=100,
    )
    assert half.fraction == Fraction(1, 2)
    assert half.look_at == "m.py:9"


def test_broken_files_are_passed_over(tmp_path: Path) -> None:
    files = {"bad.py": "def f(:\n", "models/nets.py": NETWORK}
    for about in ("modular", "documentation", "tests", "logging"):
        assert judged(tmp_path, about, files).fraction in (0, 1)
