"""Figures as frozen data, ready for the template that writes them as inline SVG.

Lengths are SVG units, which equal CSS pixels at the figure's natural size. ``description`` is the text alternative, ``note`` a line
below the figure, ``style`` the number of a network's colour, dash and marker in the style sheet.
"""

from __future__ import annotations

from dataclasses import dataclass

from grader.report.axes import Point, Tick


@dataclass(frozen=True)
class Line:
    """One network in a line chart."""

    style: int
    path: str
    dots: tuple[Point, ...]


@dataclass(frozen=True)
class LineChart:
    """Lines over two axes; ``description`` is the text alternative."""

    id: str
    title: str
    description: str
    x_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    note: str = ""


@dataclass(frozen=True)
class Bar:
    """One network in a bar chart; lengths in units of the chart."""

    style: int
    y: int
    label: str
    text: str
    length: float
    mark: float | None  # where a second value stands, e.g. the accuracy before training


@dataclass(frozen=True)
class BarChart:
    """A horizontal bar per network."""

    id: str
    title: str
    description: str
    bars: tuple[Bar, ...]
    height: int
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """One count of a confusion matrix; ``level`` is the share of its true class."""

    x: int
    y: int
    count: int
    level: float
    hit: bool


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix: a row for each true class, a column for each predicted one."""

    id: str
    title: str
    description: str
    names: tuple[tuple[int, str], ...]  # (middle of the row or column, name)
    cells: tuple[Cell, ...]
    side: int
    note: str = ""


@dataclass(frozen=True)
class Field:
    """A receptive field drawn on the pixels of an image."""

    id: str
    title: str
    description: str
    grid: str
    x: float
    y: float
    width: float
    height: float
    note: str


@dataclass(frozen=True)
class PartFigures:
    """All that is drawn for one part. ``legend``: (style, name of the network)."""

    legend: tuple[tuple[int, str], ...]
    charts: tuple[LineChart, ...]
    bars: tuple[BarChart, ...]
    matrices: tuple[Matrix, ...]
    fields: tuple[Field, ...]

    def __bool__(self) -> bool:
        return bool(self.charts or self.bars or self.matrices or self.fields)
