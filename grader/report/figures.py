"""What is drawn for a part: the numbers of its networks as frozen figures, which a template writes as inline SVG.

The SVG is our own and not matplotlib's: a chart of matplotlib took 87 ms and a confusion matrix 145 ms of CPU on the
machine where this was written (the report of 17 networks: 4 s and 1.3 MB, after 1.2 s for the import), comes with
fixed colours and type, and one wide figure cannot be read on a phone. These charts take the colours (light, dark,
print) and the type from the page and wrap like words; all the figures of a report take some tens of milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from grader.records import RoleCard
from grader.report.axes import Scale, Tick, decades, linear_ticks, log_ticks, path
from grader.report.drawings import Bar, BarChart, Cell, Field, Line, LineChart, Matrix, PartFigures
from grader.report.text import compact, cut, finite, percent, slug

STYLES = 6  # colours, dashes and markers in the style sheet; further networks begin anew
CLASSES_AT_MOST = 20  # a confusion matrix with more classes is not drawn: nobody could read it
WIDTH, HEIGHT = 340, 208  # of a line chart; a bar chart is as wide
LEFT, RIGHT, TOP, BOTTOM = 42, 328, 12, 172  # the axes in it
CELL, MARGIN = 26, 76  # of a confusion matrix: side of a cell, room for the names
IMAGE = 128  # the longer side of the image that a receptive field is drawn on

Named = tuple[int, str, Sequence[tuple[float, float | None]]]  # style, name, values


def part_figures(part: str, cards: Iterable[RoleCard]) -> PartFigures:
    """The figures of a part from what was measured on the networks of its roles; empty where nothing was."""
    shown = [card for card in cards if card.facts or card.training]
    named = [(index % STYLES, _name(card), card) for index, card in enumerate(shown)]
    prefix = f"fig-{slug(part)}"
    charts = (_losses(prefix, named), _accuracies(prefix, named), _gradients(prefix, named))
    bars = (_held_out(prefix, named), _parameters(prefix, named), _multiply_adds(prefix, named))
    matrices = (_matrix(f"{prefix}-confusion-{index}", name, card) for index, (_, name, card) in enumerate(named))
    fields = (_field(f"{prefix}-field-{index}", name, card) for index, (_, name, card) in enumerate(named))
    return PartFigures(
        legend=tuple((style, name) for style, name, _ in named),
        charts=tuple(chart for chart in charts if chart),
        bars=tuple(bar for bar in bars if bar),
        matrices=tuple(matrix for matrix in matrices if matrix),
        fields=tuple(field for field in fields if field),
    )


def _name(card: RoleCard) -> str:
    return cut(card.title or card.role, 40)


# --- lines -----------------------------------------------------------------------------------------------------------

Cards = list[tuple[int, str, RoleCard]]


def _losses(prefix: str, cards: Cards) -> LineChart | None:
    series: list[Named] = []
    for style, name, card in cards:
        if card.training and card.training.losses:
            tenth = card.training.steps / len(card.training.losses)
            values = [((i + 0.5) * tenth, finite(loss)) for i, loss in enumerate(card.training.losses)]
            series.append((style, name, values))
    firsts = [values[0][1] or 0.0 for _, _, values in series]
    highest = min(_highest(series), 1.5 * max(firsts, default=0.0)) or 1.0
    return _chart(f"{prefix}-loss", "Training loss", "training step", series, (0.0, highest))


def _highest(series: Sequence[Named]) -> float:
    return max((y for _, _, values in series for _, y in values if y is not None), default=0.0)


def _accuracies(prefix: str, cards: Cards) -> LineChart | None:
    series: list[Named] = [
        (style, name, [(float(step), finite(accuracy)) for step, accuracy in card.training.validation])
        for style, name, card in cards
        if card.training and len(card.training.validation) > 1
    ]
    return _chart(f"{prefix}-validation", "Validation accuracy", "training step", series, (0.0, 1.0), percents=True)


def _gradients(prefix: str, cards: Cards) -> LineChart | None:
    series: list[Named] = []
    for style, name, card in cards:
        norms = _norms(card)
        if len(norms) > 1:
            positive = [n if n is not None and n > 0 else None for n in norms]
            series.append((style, name, [(float(index), norm) for index, norm in enumerate(positive, 1)]))
    drawn = [y for _, _, values in series for _, y in values if y is not None]
    missing = sum(y is None for _, _, values in series for _, y in values)
    note = f"{missing} zero or not finite, left out." if missing else ""
    bounds = decades(drawn) if drawn else (1.0, 10.0)
    title = "Gradient norm per layer"
    return _chart(f"{prefix}-gradients", title, "weight, from the input on", series, bounds, log=True, note=note)


def _norms(card: RoleCard) -> list[float | None]:
    """Norms at the last training step, or at the start where the network was not trained, in forward order."""
    if card.training and card.training.gradient_norms:
        return [finite(norms[-1]) if norms else None for norms in card.training.gradient_norms.values()]
    return [finite(norm) for norm in card.facts.weight_gradients.values()] if card.facts else []


def _chart(
    id: str,
    title: str,
    x_label: str,
    series: Sequence[Named],
    bounds: tuple[float, float],
    *,
    log: bool = False,
    percents: bool = False,
    note: str = "",
) -> LineChart | None:
    drawable = [entry for entry in series if any(y is not None for _, y in entry[2])]
    if not drawable:
        return None
    xs = [x for _, _, values in drawable for x, _ in values]
    across = Scale(0.0 if not log else 1.0, max(xs), LEFT, RIGHT)
    up = Scale(*bounds, BOTTOM, TOP, log=log)
    return LineChart(
        id=id,
        title=title,
        description=". ".join(_told(name, values, percents) for _, name, values in drawable),
        x_label=x_label,
        x_ticks=_whole(linear_ticks(across)),
        y_ticks=log_ticks(up) if log else linear_ticks(up, percent=percents),
        lines=tuple(_line(style, values, across, up) for style, _, values in drawable),
        note=note,
    )


def _whole(ticks: tuple[Tick, ...]) -> tuple[Tick, ...]:
    """Ticks of steps and layers, which have no halves."""
    return tuple(tick for tick in ticks if "." not in tick.label)


def _line(style: int, values: Sequence[tuple[float, float | None]], across: Scale, up: Scale) -> Line:
    points = [None if y is None else (across(x), up(y)) for x, y in values]
    return Line(style, path(points), tuple(point for point in points if point is not None))


def _told(name: str, values: Sequence[tuple[float, float | None]], percents: bool) -> str:
    known = [y for _, y in values if y is not None]
    first, last = (percent(y) if percents else f"{y:.3g}" for y in (known[0], known[-1]))
    return f"{name}: {first} at first, {last} at last"


# --- bars ------------------------------------------------------------------------------------------------------------


def _held_out(prefix: str, cards: Cards) -> BarChart | None:
    rows = [
        (style, name, card.training.correct / card.training.held, card.training.initial_correct / max(card.training.initial_seen, 1))
        for style, name, card in cards
        if card.training and card.training.held > 0
    ]
    note = "The tick is the accuracy before training."
    return _bar_chart(f"{prefix}-accuracy", "Accuracy on held-out images", rows, percent, 1.0, note)


def _parameters(prefix: str, cards: Cards) -> BarChart | None:
    rows = [(style, name, float(card.facts.parameters), None) for style, name, card in cards if card.facts]
    return _bar_chart(f"{prefix}-parameters", "Trainable parameters", rows, compact)


def _multiply_adds(prefix: str, cards: Cards) -> BarChart | None:
    rows = [(style, name, float(card.facts.multiply_adds), None) for style, name, card in cards if card.facts]
    return _bar_chart(f"{prefix}-cost", "Multiply-adds for one image", rows, compact)


Rows = Sequence[tuple[int, str, float, float | None]]  # style, name, value, second value


def _bar_chart(
    id: str, title: str, rows: Rows, show: Callable[[float], str], whole: float | None = None, note: str = ""
) -> BarChart | None:
    most = whole or max((value for _, _, value, _ in rows), default=0.0)
    if not rows or most <= 0:
        return None
    along = Scale(0.0, most, 0.0, float(WIDTH))
    bars = tuple(
        Bar(style, 36 * index, name, show(value), along(value), None if mark is None else along(mark))
        for index, (style, name, value, mark) in enumerate(rows)
    )
    told = ". ".join(f"{name}: {show(value)}" for _, name, value, _ in rows)
    return BarChart(id, title, told, bars, height=36 * len(bars), note=note)


# --- confusion matrix and receptive field ----------------------------------------------------------------------------


def _matrix(id: str, name: str, card: RoleCard) -> Matrix | None:
    counts = card.training.confusion if card.training else ()
    size = len(counts)
    if not 2 <= size <= CLASSES_AT_MOST or any(len(row) != size for row in counts):
        return None
    names = [cut(label, 60)[:11] for label in card.classes] if len(card.classes) == size else range(size)
    cells = tuple(
        Cell(MARGIN + CELL * x, MARGIN + CELL * y, count, round(count / (sum(row) or 1), 3), x == y)
        for y, row in enumerate(counts)
        for x, count in enumerate(row)
        if count > 0
    )
    labels = tuple((MARGIN + CELL * index + CELL // 2, str(label)) for index, label in enumerate(names))
    told = _mistakes(cells, labels)
    return Matrix(id, name, told, labels, cells, side=MARGIN + CELL * size, note=told)


def _mistakes(cells: Sequence[Cell], labels: Sequence[tuple[int, str]]) -> str:
    """The three commonest mistakes in words."""
    misses = sorted((cell for cell in cells if not cell.hit), key=lambda cell: -cell.count)[:3]
    named = dict(labels)
    told = [f"{named[c.y + CELL // 2]} taken for {named[c.x + CELL // 2]} {c.count} times" for c in misses]
    return "; ".join(told) if told else "no mistakes"


def _field(id: str, name: str, card: RoleCard) -> Field | None:
    if not card.facts or not card.facts.receptive_field:
        return None
    tall, wide = card.facts.receptive_field
    rows, columns = card.facts.input_shape[-2:] if len(card.facts.input_shape) >= 2 else (32, 32)
    if not (0 < rows <= 256 and 0 < columns <= 256 and tall > 0 and wide > 0):
        return None
    pixel = IMAGE / max(rows, columns)
    height, width = (round(min(extent, side) * pixel, 1) for extent, side in ((tall, rows), (wide, columns)))
    whole = "the whole image" if tall >= rows and wide >= columns else f"on {rows}×{columns} pixels"
    text = f"{tall}×{wide}, {whole}"
    x, y = round((columns * pixel - width) / 2, 1), round((rows * pixel - height) / 2, 1)
    return Field(id, name, text, _grid(rows, columns, pixel), x, y, width, height, text)


def _grid(rows: int, columns: int, pixel: float) -> str:
    """Lines between pixels, or between as many as stay apart by 4 units."""
    every = max(1, -(-4 // pixel)) if pixel < 4 else 1
    right, bottom = round(columns * pixel, 1), round(rows * pixel, 1)
    across = (f"M0 {y * pixel:.1f}H{right:g}" for y in _steps(rows, int(every)))
    down = (f"M{x * pixel:.1f} 0V{bottom:g}" for x in _steps(columns, int(every)))
    return "".join((*across, *down))


def _steps(count: int, every: int) -> list[int]:
    return [*range(0, count, every), count]
