"""What a table may change in a copy of the reference: its code, its handed-in results, its plots and its README."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from PIL import Image

from grader.submission.prose import sections

Document = dict[str, Any]

FULLY_CONNECTED, CONVOLUTIONAL = "models/fc_models.py", "models/cnn_models.py"
LAYERS, PLOTTING = "models/custom_layers.py", "utils/visualization_utils.py"
TRAINING, COUNTING, CHECKING = "utils/training_utils.py", "utils/comparison_utils.py", "utils/layer_checks.py"
COMPARISON, ARCHITECTURE = "homework_cnn_vs_fc_comparison.py", "homework_cnn_architecture_analysis.py"
CUSTOM = "homework_custom_layers_experiments.py"
RESULTS = {
    "mnist": "results/mnist_comparison/results.json",
    "cifar": "results/cifar_comparison/results.json",
    "kernels": "results/architecture_analysis/kernels.json",
    "depth": "results/architecture_analysis/depth.json",
    "layers": "results/custom_layers/layers.json",
    "blocks": "results/custom_layers/blocks.json",
}
# Where each experiment's function puts its document together: file, the line, and the variable with what it says of each role.
FRAMES = {
    "mnist": (COMPARISON, '    return experiment_document("mnist"', "models"),
    "cifar": (COMPARISON, '    return experiment_document("cifar"', "models"),
    "kernels": (ARCHITECTURE, '    return experiment_document("kernels"', "models"),
    "depth": (ARCHITECTURE, '    return {\n        **experiment_document("depth"', "models"),
    "layers": (CUSTOM, '    return {"experiment": "layers"', "layers"),
    "blocks": (CUSTOM, '    document = experiment_document("blocks"', "models"),
}


class Change(Protocol):
    """One change of a submission's folder."""

    def apply(self, root: Path) -> None:
        """Change the copy below a folder."""


@dataclass(frozen=True)
class Edit:
    """A piece of code or text, which stands once in the file, and what takes its place."""

    file: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Edit the file below a submission's folder."""
        text = (root / self.file).read_text()
        assert text.count(self.old) == 1, f"{self.file} holds {text.count(self.old)} times: {self.old}"
        (root / self.file).write_text(text.replace(self.old, self.new))


@dataclass(frozen=True)
class Handed:
    """Handed-in results of an experiment that a function changes."""

    experiment: str
    change: Callable[[Document], None]

    def apply(self, root: Path) -> None:
        """Rewrite the document."""
        path = root / RESULTS[self.experiment]
        document = json.loads(path.read_text())
        self.change(document)
        path.write_text(json.dumps(document))


@dataclass(frozen=True)
class Says:
    """An experiment that says something else: a statement for each `role`, with what is said of it in `each`, and all in `models`.

    It is written into the experiment's code and run on its handed-in results, as a student's who ran that code.
    """

    experiment: str
    statement: str
    where: Literal["both", "run", "results"] = "both"

    def apply(self, root: Path) -> None:
        """Change code and results."""
        if self.where != "results":
            file, frame, variable = FRAMES[self.experiment]
            loop = f"    models = {variable}\n    for role, each in list(models.items()):\n        {self.statement}\n"
            Edit(file, frame, loop + frame).apply(root)
        if self.where != "run":
            Handed(self.experiment, self._restate).apply(root)

    def _restate(self, document: Document) -> None:
        models = document["models" if "models" in document else "layers"]
        for role, each in list(models.items()):
            exec(self.statement, {"role": role, "each": each, "models": models})


@dataclass(frozen=True)
class Plot:
    """A plot that is deleted, blank, no picture, empty axes, or the same file as another one's (`copy of NAME`)."""

    name: str
    becomes: str

    def apply(self, root: Path) -> None:
        """Change the file."""
        path = root / "plots" / f"{self.name}.png"
        if self.becomes == "deleted":
            path.unlink()
        elif self.becomes == "blank":
            Image.new("RGB", (640, 480), "white").save(path)
        elif self.becomes == "axes":
            axes = Image.new("RGB", (640, 480), "white")
            axes.paste("black", (60, 20, 62, 440))
            axes.paste("black", (60, 440, 620, 442))
            axes.save(path)
        elif self.becomes == "text":
            path.write_text("see the notebook\n")
        else:
            shutil.copy(root / "plots" / f"{self.becomes.removeprefix('copy of ')}.png", path)


@dataclass(frozen=True)
class Untold:
    """A README whose section says something else, or nothing at all."""

    section: str
    instead: str = ""

    def apply(self, root: Path) -> None:
        """Rewrite the section."""
        path = root / "README.md"
        text = path.read_text()
        for each in sections(text):
            text = text.replace(each.text, self.instead) if each.is_about(self.section) else text
        path.write_text(text)
