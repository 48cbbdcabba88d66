"""Numbers are read out of whatever a submission writes them to, with the words that say what they are."""

import base64
import io
import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from grader.submission.outputs import notebooks
from grader.submission.prose import documents, passages, pictures_in
from grader.submission.results import MAX_ENTRIES, result_entries, result_files
from grader.submission.tables import Entry, entries, number_of


def stated(text: str, place: str = "log.txt") -> dict[tuple[str, str], tuple[float, ...]]:
    """What a text states: (words of the line, label) -> numbers."""
    return {(each.text, each.label): each.numbers for each in entries(text, place) if each.numbers}


def by_label(text: str, place: str = "log.txt") -> dict[str, float]:
    return {each.label: each.numbers[0] for each in entries(text, place) if each.numbers}


def result(name: str, content: object) -> list[Entry]:
    text = content if isinstance(content, str) else json.dumps(content)
    return [each for each in result_entries([(name, text)]) if each.numbers]


def test_a_line_is_cut_at_its_numbers() -> None:
    assert by_label("FC: Params=567434, Test Acc=96.69%, Train Time=94.44s") == {
        "FC: Params": 567434,
        "Test Acc": 96.69,
        "Train Time": 94.44,
    }


def test_units_and_ways_to_write_a_number() -> None:
    found = {
        each.label: (each.numbers[0], each.unit)
        for each in entries("size: 327K; inference = 4 ms; точность 0,98; total 12,345; 1 234 567 all", "x")
    }
    assert found["size"] == (327_000, "k")
    assert found["inference"] == (0.004, "ms")
    assert found["точность"][0] == 0.98
    assert found["total"][0] == 12_345
    assert 1_234_567 in [value for value, _ in found.values()]


def test_digits_of_names_are_no_numbers_and_a_size_is_a_side_in_pixels() -> None:
    found = [
        (each.numbers, each.unit) for each in entries("CIFAR-10 with conv1 and layer2.0.bias and 3x3 kernels reaches accuracy 0.71", "x")
    ]
    assert found == [((3.0,), "px"), ((0.71,), "")]


def test_the_time_of_a_log_line_is_no_result() -> None:
    assert by_label("2025-07-04 22:13:04,379 | INFO | Параметров в модели: 421642") == {"Параметров в модели": 421642}


def test_a_header_stands_over_the_lines_after_it() -> None:
    found = [each for each in entries("Basic:\n  Parameters: 76554\n  Accuracy: 82%\nWide:\n  Parameters: 150410\n", "x") if each.numbers]
    assert [(each.above[0], each.numbers[0]) for each in found] == [("Basic:", 76554), ("Basic:", 82), ("Wide:", 150410)]


def test_tables_with_any_separator() -> None:
    rows = [("model", "test acc", "params"), ("FC", "97.5%", "235146"), ("CNN", "98.9%", "421642")]
    for separator in ("|", ";", ",", "\t"):
        found = stated("\n".join(separator.join(row) for row in rows))
        assert found["FC", "test acc"] == (97.5,) and found["CNN", "params"] == (421642,), separator


def test_a_table_of_markdown_and_a_printed_data_frame() -> None:
    markdown = "| Модель | Точность |\n|---|---|\n| Полносвязная | 97.5% |\n"
    assert stated(markdown) == {("Полносвязная", "Точность"): (97.5,)}
    frame = "      model  accuracy   time\n0        FC     0.975   12.5\n1  ResNet18     0.991   60.0\n"
    assert any("FC" in about and label == "accuracy" for about, label in stated(frame))
    assert any(label == "time" and numbers == (60.0,) for (_, label), numbers in stated(frame).items())


def test_a_cell_with_words_is_no_number() -> None:
    assert number_of("98.5%") == (98.5, "%")
    assert number_of("about a hundred and 3 more") is None
    assert number_of("Conv2d") is None


def test_json_of_any_shape() -> None:
    by_model = result("a.json", {"FC": {"history": {"test_acc": [0.9, 0.95]}}})
    assert [(each.text, each.label, each.numbers) for each in by_model] == [("FC / history / test_acc", "test_acc", (0.9, 0.95))]
    by_metric = result("a.json", {"accuracy": {"FC": 0.95}})
    assert by_metric[0].text == "accuracy / FC"
    rows = result("a.json", [{"model": "FC", "time": 3.5}, {"model": "CNN", "time": 7.5}])
    assert [(each.text, each.numbers) for each in rows] == [("FC / time", (3.5,)), ("CNN / time", (7.5,))]
    assert result("a.json", {"confusion": [[5, 1], [0, 6]]})[0].nested


def test_nan_as_python_writes_it_hides_nothing_beside_it() -> None:
    assert [each.numbers for each in result("a.json", '{"loss": NaN, "accuracy": 0.5}')] == [(0.5,)]


def test_lines_of_json() -> None:
    assert len(result("a.jsonl", '{"epoch": 1, "loss": 0.5}\n{"epoch": 2, "loss": 0.3}\n')) == 4


def test_hostile_results_state_nothing_and_break_nothing() -> None:
    assert result("a.json", "[" * 100_000) == []
    assert result("a.json", "{broken") == []
    assert {each.numbers for each in result("a.txt", "acc: 1e999 loss: " + "9" * 500)} == {(0.0,)}
    many = "\n".join(f"accuracy: {i}" for i in range(MAX_ENTRIES + 10))
    assert len(result_entries([("a.txt", many), ("b.txt", many)])) <= MAX_ENTRIES


def test_which_files_hold_results() -> None:
    paths = ("README.md", "requirements.txt", "results/log.txt", "results/a.json", "report.txt", "net.py", "package.json", "x/metrics.csv")
    assert documents(paths) == ("README.md", "report.txt")
    assert result_files(paths, documents(paths)) == ("results/log.txt", "results/a.json", "x/metrics.csv")


def test_passages_stand_under_their_headings_and_what_the_assignment_asks_is_one() -> None:
    text = "# Part 1\n## 1.1 MNIST\n- Проанализируйте количество параметров\nУ сети 421642 параметра.\n**FC**\n![curves](plots/fc.png)\n"
    found = passages(text, "README.md")
    assert [each.headings for each in found] == [
        ("- Проанализируйте количество параметров", "1.1 MNIST", "Part 1"),
        ("FC", "- Проанализируйте количество параметров", "1.1 MNIST", "Part 1"),
    ]
    assert found[0].line == 4 and list(pictures_in(found[1])) == [("fc.png", "curves")]


def test_code_in_a_document_is_no_heading() -> None:
    assert passages("## A\n```\n# no heading\n```\ntext\n", "x.md")[0].headings == ("A",)


def picture() -> str:
    out = io.BytesIO()
    Image.new("RGB", (80, 80), "red").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def test_a_notebook_shows_what_it_printed_said_and_drew(tmp_path: Path) -> None:
    outputs = [
        {"output_type": "stream", "text": ["accuracy: 0.93\n"]},
        {"output_type": "display_data", "data": {"text/plain": ["<Figure size 640x480>"], "image/png": picture()}},
    ]
    cells = [
        {"cell_type": "markdown", "source": ["# 1.1 MNIST\n", "some words"]},
        {"cell_type": "code", "source": "plot('loss')", "outputs": outputs},
    ]
    (tmp_path / "hw.ipynb").write_text(json.dumps({"cells": cells}))
    (book,) = notebooks(tmp_path, ("hw.ipynb",))
    assert book.printed.split() == ["#", "1.1", "MNIST", "accuracy:", "0.93"]
    assert "Figure" not in book.printed and book.prose.startswith("# 1.1 MNIST")
    assert [each.cell for each in book.drawings] == [2] and "loss" in book.drawings[0].source


def test_a_broken_notebook_shows_nothing(tmp_path: Path) -> None:
    for index, text in enumerate(("", "{", '{"cells": 3}', '{"cells": [1, {"cell_type": "code", "outputs": {"a": 1}, "source": 7}]}')):
        (tmp_path / f"{index}.ipynb").write_text(text)
    for book in notebooks(tmp_path, ("0.ipynb", "1.ipynb", "2.ipynb", "3.ipynb", "missing.ipynb")):
        assert book.printed == "" and book.prose == "" and book.drawings == ()


def _work(text: str) -> int:
    """Calls of functions that reading a text takes: the same on every machine."""
    count = 0

    def called(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(called)
    try:
        list(entries(text, "README.md"))
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("line", ["model|accuracy", "model;accuracy", "model accuracy", "a|b|c", "model, accuracy 97.1"])
def test_the_work_grows_with_the_length_of_a_text(line: str) -> None:
    short, long = (_work("\n".join([line] * count)) for count in (400, 1600))
    assert long < 5 * short
