"""What each thing that an experiment has to show looks like: in numbers, in pictures, in code, and in prose.

The words are those of English, Russian and Ukrainian reports and of identifiers. An aspect is looked for in each network of
a criterion, or, where it is about all of them together, in the prose of the part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

Values = Literal["share", "seconds", "count", "pixels", "number", "series", "matrix"]
_ACC = r"acc(?!ept|um)|точн(?:ост|іст)|правильност|precision@1|(?<![a-z])top.?1"
_TIME = (
    r"time|врем|(?<![а-яё])час(?:у|ом|ы|и|ов)?(?![а-яё])|sec\b|secs|second|секунд|(?<![а-яё])сек"
    r"|duration|длительн|трива|took|заня(?:л|т)|завершен\w* за"
)
_TRAIN = r"train|обуч|навч|тренир|тренув"
_TEST = r"test|тест|val(?:id|_|\b)|вал[иі]д|eval"
_INFER = (
    r"infer|инфер|інфер|latency|predict|предсказ|прогноз|eval\w*[\s_]*time|test\w*[\s_]*time|время (?:работы|теста|тестир|оценки)|forward"
)
_CLOCK = r"(^|\.)(perf_counter|monotonic|process_time|default_timer|time|synchronize|elapsed_time)$"
_TRAINING = r"(^|[._])(backward|step|fit|train\w*|epochs?)$|train"
_DRAWS_MAPS = r"(^|\.)(imshow|matshow|show_map|make_grid|save_image|heatmap)$"
_DRAWS = r"\.(plot|bar|hist|semilogy|imshow|boxplot|scatter)$"


@dataclass(frozen=True)
class Aspect:
    """One thing to show, and how to know it."""

    title: str
    number: str = ""  # words at a number
    no_number: str = "(?!)"  # words that make it another number
    values: Values = "number"
    pictures: Mapping[str, Fraction] = field(default_factory=dict)  # kind of picture -> how much of it such a one shows
    code: tuple[tuple[str, ...], ...] = ()  # names that one function uses together; one of the lines is enough
    no_code: str = "(?!)"
    prose: str = ""  # words of a discussion: the aspect is about all networks together
    special: str = ""  # it takes more than words: see grader.checks.shown

    def is_stated_by(self, words: str) -> bool:
        """Do the words at a number say that it is this?"""
        text = words.casefold()
        return bool(self.number) and bool(re.search(self.number, text)) and not re.search(self.no_number, text)


_HALF, _ALL, _MOST = Fraction(1, 2), Fraction(1), Fraction(3, 4)
# Words at a number that say what it is; where a label has none of them, what stands above it is asked.
METRIC = re.compile(
    rf"{_ACC}|{_TIME}|param|парам|recept|рецеп|\brf\b|grad|град[иі]|gap|overfit|loss|потер|втрат|confus|std|f1|epoch|эпох|епох"
    r"|batch|(?<![a-z])lr\b|learning|shape|mean|средн|max|min"
)

ASPECTS: Mapping[str, Aspect] = {
    "test_accuracy": Aspect(
        "test accuracy",
        rf"{_ACC}|^\W*(?:{_TEST})\W*$",
        rf"(?:{_TRAIN})\w*[\s_/.:-]*(?:\w+[\s_]+)?(?:{_ACC})|(?:{_ACC})\w*[\s_/.:(-]*(?:на\s+|on\s+)?(?:{_TRAIN})|gap|diff|gain|trend|overfit|loss",
        "share",
        {"curves": _HALF, "network": _HALF, "table": _MOST, "comparison": _MOST, "accuracy": _MOST},
        ((r"argmax$|(^|\.)max$|accuracy_score$", r"acc|correct"),),
    ),
    "train_accuracy": Aspect(
        "train accuracy",
        rf"(?:{_TRAIN})\w*[\s_/.:-]*(?:\w+[\s_]+)?(?:{_ACC})|(?:{_ACC})\w*[\s_/.:(-]*(?:на\s+|on\s+)?(?:{_TRAIN})|^\W*train\W*$",
        r"gap|diff|gain|trend|overfit|loss",
        "share",
        {"curves": _HALF, "network": _HALF, "accuracy": _HALF, "table": _HALF},
        ((r"argmax$|(^|\.)max$|accuracy_score$", r"train.*acc|acc.*train|acc|correct", r"backward$|train"),),
    ),
    "train_time": Aspect(
        "training time",
        _TIME,
        _INFER,
        "seconds",
        {"time": _HALF, "table": _HALF},
        ((_CLOCK, _TRAINING),),
    ),
    "inference_time": Aspect(
        "inference time",
        _INFER,
        r"acc|loss|точн",
        "seconds",
        {"time": _HALF, "table": _HALF},
        ((_CLOCK, r"(^|\.)(no_grad|inference_mode|eval)$"), (_CLOCK, r"infer|latency|predict_time|eval\w*_time|test\w*_time")),
        no_code=r"(^|\.)(backward|zero_grad)$|(^|_)train_(model|one|epoch|loop)",
    ),
    "curves": Aspect(
        "learning curves",
        rf"loss|потер|втрат|{_ACC}",
        "gap|trend",
        "series",
        {"curves": _ALL, "network": _ALL, "accuracy": _ALL, "table": _HALF},
        ((_DRAWS, r"loss|acc|histor|curve"),),
    ),
    "parameters": Aspect(
        "number of parameters",
        r"param|парам|(?:total|num)\w*[\s_]weights",
        r"hyper|гипер|гіпер|ratio|отнош",
        "count",
        {"table": _MOST},
        ((r"numel$|count_param", r"param"),),
    ),
    "gap": Aspect(
        "train against test",
        r"gap|overfit|разрыв|переобуч|перенавч|generali[sz]",
        "epoch",
        "number",
        {"curves": _ALL, "network": _ALL, "accuracy": _MOST},
        ((r"gap|overfit",),),
        special="gap",
    ),
    "confusion": Aspect(
        "confusion matrix",
        r"confus|(?<![a-z])c(?:onf)?_?m(?:at(?:rix)?)?(?![a-z])|матриц",
        "(?!)",
        "matrix",
        {"confusion": _ALL},
        ((r"confusion",),),
    ),
    "gradients": Aspect(
        "gradients by layer",
        r"grad|град[иі]",
        r"accum|clip",
        "number",
        {"gradients": _ALL},
        (
            (r"\.grad(\.|$)", r"norm$|abs$|mean$|std$|max$|hist$", r"parameters$"),
            (r"grad\w*_(flow|norm|stat|mean|hist)|(flow|norm)s?_grad",),
        ),
    ),
    "receptive": Aspect(
        "receptive field",
        r"recept|рецеп|(?<![a-z])rf(?![a-z])",
        "(?!)",
        "pixels",
        {"receptive": _ALL},
        ((r"receptive|(^|_)rf($|_)",),),
    ),
    "activations": Aspect(
        "activations of the first layer",
        pictures={"activations": _ALL, "feature_maps": _MOST},
        code=((_DRAWS_MAPS, r"activ|(^|_)acts?($|_)|feature|conv|hook|layer|(^|_)f?maps?$"),),
    ),
    "feature_maps": Aspect(
        "feature maps",
        pictures={"feature_maps": _ALL, "activations": _MOST},
        code=((_DRAWS_MAPS, r"feature|fmap|activ|(^|_)acts?($|_)|conv|hook|layer|(^|_)f?maps?$"),),
    ),
    "examples": Aspect(
        "simple examples",
        r"shape|размер|форма|розмір|min|max|mean|средн|середн|in(?:put)?\b|out(?:put)?\b|diff|pass|expect|found|value|val\b|effect|норма|norm",
        rf"{_ACC}|loss|{_TIME}|param|history",
        "number",
        special="examples",
    ),
    "standard": Aspect("the standard counterpart", special="standard"),
    "steadiness": Aspect(
        "how evenly it trains",
        r"std|stdev|devia|varian|spread|seed|diverg|stab|grad|разброс|отклон|дисперс|стабил|стаб[іи]л|град[иі]",
        "(?!)",
        "number",
        {"curves": _ALL, "network": _ALL, "accuracy": _MOST, "gradients": _ALL},
        ((r"seeds?$", r"(^|\.)(std|stdev|pstdev|var)$|deviation|stabil|diverge"), (_DRAWS, r"loss|acc|histor|curve")),
        special="steadiness",
    ),
    "trained": Aspect(
        "a training that was run",
        rf"{_ACC}|loss|потер|втрат|{_TIME}",
        "(?!)",
        "number",
        {"curves": _ALL, "network": _ALL, "comparison": _ALL, "accuracy": _ALL, "time": _ALL, "table": _ALL, "confusion": _ALL},
        ((r"(^|\.)backward$",),),
    ),
    "same_training": Aspect("one training for all", special="same_training"),
    "parameters_discussed": Aspect("what is said about the parameters", prose=r"парам|param"),
    "overfitting_discussed": Aspect(
        "what is said about overfitting",
        prose=r"overfit|переобуч|перенавч|обобща|узагальн"
        r"|generali[sz]|разрыв|розрив|\bgap",
    ),
    "gradients_discussed": Aspect(
        "what is said about the gradients",
        prose=r"gradient|градієнт|градиент"
        r"|vanish|explod|затух|взрыв|згаса|вибух",
    ),
    "receptive_discussed": Aspect("what is said about receptive fields", prose=r"recept|рецеп"),
    "residual_discussed": Aspect("what is said about residual connections", prose=r"residual|resnet|skip|shortcut|остаточн|залишков|резид"),
    "standard_discussed": Aspect(
        "what is said about the standard counterparts",
        prose=r"standard|стандарт|counterpart|аналог|baseline|обычн|звичайн|\brelu\b|max.?pool|avg.?pool|nn\.conv",
    ),
    "stability_discussed": Aspect(
        "what is said about the stability of training",
        prose=r"stab|стабил|стабіл|устойчив|стійк|скачк|колеб|колив|разброс|плавн|fluctuat|oscillat|smooth|diverg|сходи",
    ),
}

# What a picture is, after the words of its name, title and caption; the first that fits.
PICTURE_KINDS: tuple[tuple[str, str], ...] = (
    ("confusion", r"confus|conf_?mat|(?<![a-z])cm(?![a-z])|матриц"),
    ("gradients", r"grad|град[иі]"),
    ("receptive", r"recept|рецеп|(?<![a-z])rf(?![a-z])"),
    ("feature_maps", r"feature|f_?maps?(?![a-z])|признак|ознак|featmap"),
    ("activations", r"activ|актив|first_?layer|filters?(?![a-z])|(?<![a-z])acts?(?![a-z])"),
    ("curves", r"curve|loss|hist(?!ogram)|learning|training(?!_?time)|крив|train_?acc|потер|обучени"),
    ("time", r"time|врем|(?<![а-я])час"),
    ("accuracy", r"acc|точност"),
    # Numbers as a picture: a table, a console. No one but a person can read them.
    ("table", r"(?<![a-z])table(?!au)|таблиц|summary|итог|підсум|results?(?![a-z])|результат|metrics?|метрик|screen|скрин|console|консол"),
    ("comparison", r"comp|сравн|порівн|(?<![a-z])bars?(?![a-z])"),
)
# Kinds of which one picture may show all networks without naming any: several curves in one frame, a table, bars.
SHARED_KINDS = frozenset({"curves", "accuracy", "comparison", "time", "table"})
COMPARES = re.compile(
    r"(?i)\d|лучш|худш|хуже|больш|меньш|выше|ниже|быстр|медлен|сильн|слаб|превосход|уступа|кращ|гірш|більш|менш|вищ|нижч|швидш|повільн"
    r"|better|best|worse|worst|more|less|fewer|higher|lower|faster|slower|than|outperform|увелич|уменьш|збільш|зменш|increas|decreas"
    r"|помога|предотвращ|затух|исчез|vanish|explod|приводит|страда|требу|позволя|показыва|обеспеч"
    r"|stable|стабильн|стабільн|не обнаруж|устойчив"
)
STANDARD = re.compile(
    r"(?i)baseline|(?<![a-z])base(?![a-z])|standard|standart|стандарт|обычн|звичайн|vanilla|(?<![a-z])nn\."
    r"|relu|sigmoid|max_?pool|avg_?pool|(?<![a-z])(?:max|avg)_mean|conv2d_out|simple_?cnn"
)
