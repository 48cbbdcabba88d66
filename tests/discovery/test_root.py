"""The homework is found in a clone with other lessons, in a folder of its own, and as notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.discovery import homework_in
from grader.rubric import Rubric, default_rubric, load_rubric
from grader.submission import open_submission

CODE = "class Net: ...\n"
NOTEBOOK = '{"cells": [{"cell_type": "code", "source": ["x = 1"]}], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}'


@pytest.fixture(scope="module")
def lesson() -> Rubric:
    return load_rubric(default_rubric())[0]


PLACES = {
    "at the root": ({"homework_cnn_vs_fc_comparison.py": CODE, "models/fc_models.py": CODE}, ""),
    "in a folder of its own": ({"homework/models/fc_models.py": CODE, "README.md": "x"}, "homework"),
    "two folders down": (
        {"course/lesson4/homework_cnn_vs_fc_comparison.py": CODE, "course/lesson4/models/cnn_models.py": CODE},
        "course/lesson4",
    ),
    "beside other lessons": (
        {"lesson3/homework.py": CODE, "lesson4/homework_cnn_vs_fc_comparison.py": CODE, "lesson4/models/cnn_models.py": CODE},
        "lesson4",
    ),
    "beside sample code with one of the names": (
        {"models/cnn_models.py": CODE, "homework/models/cnn_models.py": CODE, "homework/models/fc_models.py": CODE},
        "homework",
    ),
    "as notebooks": ({"hw4/homework_cnn_vs_fc_comparison_.ipynb": NOTEBOOK, "other/a.py": CODE}, "hw4"),
    "in other letters": ({"HW/Homework_CNN_vs_FC_comparison.py": CODE, "a.py": CODE}, "HW"),
    "under no known name": ({"work/networks.py": CODE, "work/train.py": CODE, "README.md": "x"}, ""),
}


@pytest.mark.parametrize(("files", "folder"), PLACES.values(), ids=PLACES.keys())
def test_the_folder_of_the_homework_is_found(tmp_path: Path, lesson: Rubric, files: dict[str, str], folder: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    submission = open_submission(tmp_path)
    assert homework_in(submission, lesson).root == (tmp_path / folder).resolve()
