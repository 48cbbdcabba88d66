"""The rubric: what is asked, what each piece of work is worth, and what counts as evidence. TOML in, `Rubric` out.

Two kinds of table are kept apart: ``probe`` tables say what is sent to the worker, ``require`` tables stay with the
examiner. Points and shares are exact: 0.1 means one tenth. The schema is documented in docs/rubric.md.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator

from grader.errors import InputError
from grader.records import Basis

Exact = Annotated[
    Fraction,
    BeforeValidator(lambda value: Fraction(str(value)) if isinstance(value, int | float) else value),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
DataSource = Literal["digits", "objects", "mnist", "cifar10", "cifar10-jpeg", "folder"]
Subject = Literal["mnist", "cifar"]
_DEFAULT = "lesson4_cnn.toml"


class Table(BaseModel):
    """A table of the rubric: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Assignment(Table):
    """What the rubric is for."""

    id: str
    title: str
    points: Exact


class Part(Table):
    """A part of the assignment; its points are the sum of its criteria."""

    id: str
    title: str
    points: Exact
    file: str = Field(description="The homework file that the assignment names for this part.")


class Variant(Table):
    """One way to build a role, and the shape of one sample that it is fed."""

    arguments: dict[str, Any] = {}
    shape: list[int]


class RoleProbe(Table):
    """What the worker is told about a role: how the starter's contract builds it and what it is fed."""

    variants: list[Variant] = Field(min_length=1, description="The first is the one that is measured and trained.")
    batch_sizes: list[int] = [2, 1, 5]


class Role(Table):
    """What a class or factory of the submission has to be."""

    title: str
    part: str
    kind: Literal["network", "layer", "block"] = "network"
    file: str
    name: str
    probe: RoleProbe
    data: Subject | None = None
    max_nodes: int = Field(4000, gt=0, description="operators in its graph")
    max_multiply_adds: int = Field(2_000_000_000, gt=0, description="for one sample")
    max_value_bytes: int = Field(256 * 2**20, gt=0, description="the largest value of a run at the largest batch")
    max_run_bytes: int = Field(4 * 2**30, gt=0, description="all values of one run together")
    max_constant_bytes: int = Field(64 * 2**10, gt=0, description="constants and buffers that are no statistics of a norm")
    hint: str


class ExperimentProbe(Table):
    """What the worker is told about an experiment: a tiny budget and random images of its own making."""

    arguments: dict[str, Any] = {}
    shape: list[int] | None = Field(None, description="Shape of one image; no images are passed where it is missing.")
    train_images: int = 64
    test_images: int = 32
    classes: int = 10


class Experiment(Table):
    """A function that the starter's contract asks for, and the file in which its results are handed in."""

    title: str
    part: str
    file: str
    function: str
    results: str
    roles: list[str]
    probe: ExperimentProbe


class Alternative(Table):
    """One way to show a piece of work. Alternatives stand in order of strength; the strongest available is used."""

    check: str
    basis: Basis
    share: Annotated[Exact, Field(description="Share of the criterion's points this evidence can earn, 0 to 1.")] = Fraction(1)
    require: dict[str, Any] = {}


class Advice(Table):
    """A requirement of the assignment that carries no points."""

    id: str
    title: str
    hint: str
    alternatives: list[Alternative] = Field(min_length=1)
    roles: list[str] = []


class Criterion(Advice):
    """A piece of work that earns points."""

    part: str
    points: Exact
    depends: list[str] = Field([], description="Criteria about the same piece of work: a defect there may cost points here.")


class Threshold(Table):
    """A number to reach and the runs of the reference that it comes from."""

    value: float
    seeds: list[int]
    mean: float
    std: float
    lowest: float
    false_fail: float | None = Field(None, description="How probably the reference misses the threshold, by the fitted distribution.")
    rule: str = Field("", description="What the threshold follows from.")
    losses_low: list[float] = Field([], description="Lowest training loss of the runs, for each tenth of the steps.")
    losses_high: list[float] = Field([], description="Highest training loss of the runs, for each tenth of the steps.")
    note: str = ""


class RecipeTable(Table):
    """How the networks of a role are trained."""

    steps: int
    batch: int = 64
    learning_rate: float = 2e-3
    warmup_share: float = 0.1
    weight_decay: float = 0.0
    host: Literal["classifier", "block"] = "classifier"
    longer: float = Field(3.0, ge=1, description="A network that misses its threshold is trained anew with so many times the steps.")
    expected_seconds: float = Field(1.0, description="Rough training time on a CPU; only orders the work, longest first.")


class DataTable(Table):
    """Which images stand for a subject, and how many."""

    source: DataSource
    train: int
    validation: int
    held: int


class Calibration(Table):
    """Under what the thresholds of a profile were measured."""

    date: str
    grader: str
    torch: str
    device: str
    precision: str
    false_fail: float = Field(description="Asked for, for one criterion.")
    whole: float = Field(description="At most how often the reference misses any threshold of a submission, by the fitted distributions.")


class Profile(Table):
    """One way to grade: data, steps and thresholds."""

    title: str
    data: dict[Subject, DataTable]
    real_data: dict[Subject, DataTable] = Field({}, description="Used with --data-root or --download.")
    needs_real_data: bool = False
    recipes: dict[str, RecipeTable] = Field(description="By role.")
    max_training_work: int = Field(
        250_000_000_000, gt=0, description="Multiply-adds of the forward passes of a training; a network that needs more sees fewer images."
    )
    thresholds: dict[DataSource, dict[str, Threshold]] = Field(description="Held-out accuracy by data source and role.")
    calibration: Calibration | None = Field(None, description="Where the thresholds come from; written by `grade calibrate`.")


class Rubric(Table):
    """A whole rubric, checked: points add up, names refer to something."""

    assignment: Assignment
    part: list[Part]
    role: dict[str, Role]
    experiment: dict[str, Experiment] = {}
    criterion: list[Criterion]
    advice: list[Advice] = []
    profile: dict[str, Profile]

    @model_validator(mode="after")
    def _adds_up(self) -> Rubric:
        for problem in _problems(self):
            raise ValueError(problem)
        return self

    def criteria_of(self, part: str) -> tuple[Criterion, ...]:
        """The criteria of a part, in order."""
        return tuple(criterion for criterion in self.criterion if criterion.part == part)


def default_rubric() -> Path:
    """The rubric that comes with the grader."""
    beside = Path(__file__).resolve().parent.parent / "rubrics" / _DEFAULT
    return beside if beside.exists() else Path(str(files("grader") / "rubrics" / _DEFAULT))


def load_rubric(path: Path) -> tuple[Rubric, str]:
    """Read a rubric file; returns it with the SHA-256 of its bytes. Raises InputError that names file, key and way out."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"The rubric {path} cannot be read ({error.strerror}); give a TOML file with --rubric.") from error
    try:
        document = tomllib.loads(data.decode("utf-8"))
        rubric = Rubric.model_validate(document)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The rubric {path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        raise InputError(f"The rubric {path} is wrong: {describe(error, document)}") from error
    return rubric, hashlib.sha256(data).hexdigest()


def describe(error: ValidationError, document: Any) -> str:
    """The first fault of a pydantic error as a sentence: where, what is allowed, what came, the nearest name."""
    # A misspelt key is also a missing one; the first says more.
    first = next((each for each in error.errors() if each["type"] == "extra_forbidden"), error.errors()[0])
    where = _place(first["loc"], document)
    if first["type"] == "extra_forbidden":
        return f"{where} is not a key that a rubric has{_nearest(first['loc'])}"
    if first["type"] == "value_error" and not first["loc"]:
        text = str(first["msg"]).removeprefix("Value error, ")
        return text if text.endswith("?") else f"{text}."
    came = "" if first["type"] == "missing" else f", got {_short(first.get('input'))}"
    return f"{where}: {first['msg'][0].lower()}{first['msg'][1:]}{came}."


def _place(location: tuple[int | str, ...], document: Any) -> str:
    """``criterion "1.1.time" > points`` for a path of keys and indices."""
    words: list[str] = []
    for key in location:
        document = _below(document, key)
        if isinstance(key, int) and isinstance(document, dict) and "id" in document:
            words[-1] += f' "{document["id"]}"'
        else:
            words.append(f"number {key + 1}" if isinstance(key, int) else str(key))
    return " > ".join(words)


def _below(document: Any, key: int | str) -> Any:
    try:
        return document[key]
    except (KeyError, IndexError, TypeError):
        return None


def _nearest(location: tuple[int | str, ...]) -> str:
    names = {name for table in _tables(Table) for name in table.model_fields}
    close = difflib.get_close_matches(str(location[-1]), sorted(names), n=1)
    return f'; did you mean "{close[0]}"?' if close else "."


def _tables(table: type[Table]) -> list[type[Table]]:
    below = table.__subclasses__()
    return below + [deeper for each in below for deeper in _tables(each)]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _problems(rubric: Rubric) -> list[str]:
    return [*_sums(rubric), *_references(rubric)]


def _sums(rubric: Rubric) -> list[str]:
    problems = []
    for part in rubric.part:
        total = sum((criterion.points for criterion in rubric.criteria_of(part.id)), Fraction(0))
        if total != part.points:
            problems.append(f'the criteria of part "{part.id}" add up to {float(total):g} points, the part says {float(part.points):g}')
    whole = sum((part.points for part in rubric.part), Fraction(0))
    if whole != rubric.assignment.points:
        problems.append(f"the parts add up to {float(whole):g} points, the assignment says {float(rubric.assignment.points):g}")
    return problems


def _references(rubric: Rubric) -> list[str]:
    parts, roles = {part.id for part in rubric.part}, set(rubric.role)
    criteria = [criterion.id for criterion in rubric.criterion]
    problems = [f'the criterion "{name}" stands twice' for name in criteria if criteria.count(name) > 1]
    for criterion in rubric.criterion:
        problems += _unknown(f'criterion "{criterion.id}" > part', [criterion.part], parts)
        problems += _unknown(f'criterion "{criterion.id}" > roles', criterion.roles, roles)
        problems += _unknown(f'criterion "{criterion.id}" > depends', criterion.depends, set(criteria))
    for name, role in rubric.role.items():
        problems += _unknown(f'role "{name}" > part', [role.part], parts)
    for name, experiment in rubric.experiment.items():
        problems += _unknown(f'experiment "{name}" > roles', experiment.roles, roles)
    for judged in (*rubric.criterion, *rubric.advice):
        named = [str(each.require["experiment"]) for each in judged.alternatives if "experiment" in each.require]
        problems += _unknown(f'criterion "{judged.id}" > require > experiment', named, set(rubric.experiment))
        if any(each.share > 1 for each in judged.alternatives):
            problems.append(f'criterion "{judged.id}" > share: a share is at most 1')
    for name, profile in rubric.profile.items():
        problems += _unknown(f'profile "{name}" > recipes', list(profile.recipes), roles)
    return problems


def _unknown(place: str, names: list[str], known: set[str]) -> list[str]:
    problems = []
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, sorted(known), n=1)
            problems.append(f'{place}: there is no "{name}"' + (f'; did you mean "{close[0]}"?' if close else ""))
    return problems
