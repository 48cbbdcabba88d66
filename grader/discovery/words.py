"""What names say: the ideas ("residual", "shallow", ...) that a name, a sentence or a path speaks of.

An idea is known by its words in English, Russian, Ukrainian and their transliterations.
"""

from __future__ import annotations

import re

_NAMES = {
    "fc": (
        r"fc|fcn|fcnn|fcnet\w*|mlp\w*|dense|fully(?: connected)?|fullyconnected\w*|linear|perceptron|полносв\w*|повноз?в\S*"
        r"|полн[оы]\S*связ\w*|перцептрон\w*|polnosv\w*|povnozv\w*"
    ),
    "cnn": r"c ?nn|convnets?|conv ?nets?|conv ?networks?",
    "conv": r"conv\w*|с?в[её]рт\w*|згортк?\w*|svert\w*|svyort\w*|zgort\w*",
    "plain": r"simple\w*|basic\w*|base|baseline|plain|vanilla|прост\w*|базов\w*|звичайн\w*|обычн\w*|prost\w*|bazov\w*",
    "residual": (
        r"res|res ?cnn|res ?nets?|resid\w*|resnet\w*|rescnn\w*|resblock\w*|skip\w*|остаточн\w*|пропуск\w*|резид\w*|залишков\w*"
        r"|ostatoch\w*|zalyshk\w*|rezid\w*"
    ),
    "regularised": r"reg|regcnn|regnet|regres\w*|regul\w*|drop|drop ?out\w*|регул\w*|дроп\w*|regulyar\w*",
    "mnist": r"mnist\w*|мнист\w*",
    "cifar": r"cifar\w*|сифар\w*|цифар\w*",
    "kernel": r"kernels?|kern|ker|kernelcnn|kernelnet|filter ?sizes?|ядр\w*|ядер|yadr\w*|yader",
    "mixed": (
        r"mix\w*|combo\w*|combin\w*|comb|hybrid\w*|multi ?kernel\w*|multi ?scale|inception\w*|комб\w*|смеш\w*|зміш\w*|гибрид\w*"
        r"|smesh\w*|komb\w*"
    ),
    "depth": (
        r"depths?|depthcnn|depthnet|глубин\w*|глибин\w*|glubin\w*|glybyn\w*|n ?layers"
        r"|(?:num|n|conv|count|number of) (?:conv )?(?:layers?|convs?)"
    ),
    "deep": r"deep\w*|глубок\w*|глибок\w*|gluboc?k\w*|glybok\w*",
    "shallow": r"shallow\w*|неглуб\w*|неглиб\w*|мелк\w*|мілк\w*|поверхн\w*|nebolsh\w*|neglub\w*|melk\w*",
    "medium": r"medium\w*|med|mid(?! ch| dim| size)|middle|moderate|средн\w*|середн\w*|sredn\w*|seredn\w*",
    "wide": r"wide|wider|widen\w*|wideres\w*|wideblock|широк\w*|shirok\w*|shyrok\w*",
    "bottleneck": r"bottle ?neck\w*|bottle|бутыл\w*|ботлн\w*|узк\w* горл\w*|вузьк\w*|butyl\w*",
    "attention": r"att|attn|attent\w*|se|selayer|se ?block|squeeze\w*|excit\w*|cbam|eca|вниман\w*|уваг\w*|vniman\w*|uvag\w*",
    "activation": r"act|activ\w*|swish\w*|mish|silu|gelu|elu|relu\w*|snake|активац\w*|aktiv\w*",
    "pooling": r"pool\w*|maxpool\w*|avgpool\w*|пул\w*|пулінг\w*|puling\w*",
    "custom": r"custom\w*|own|my|кастом\w*|собствен\w*|власн\w*|свой|svoy|kastom\w*",
    "block": r"blocks?|блок\w*|blok\w*",
}
_SIZES = {f"{side}x{side}": rf"{side} ?[xх×] ?{side}|k ?{side}|(?:kernel|ker|conv)(?: size)? ?{side}" for side in (1, 3, 5, 7, 9)}
_PATTERNS = {name: re.compile(rf"(?<!\w)(?:{words})(?!\w)") for name, words in (_NAMES | _SIZES).items()}
# Of these, a name may have one and still fill any role: they say of what family a thing is.
NEUTRAL = frozenset({"cnn", "conv", "block", "custom"})
WEAK = frozenset({"plain", "activation", "pooling"})  # so do these, nearly: much is called simple, or is told which layer to use
_STOP = frozenset(
    "a an and as at by for from in is its of on or the that this to what with has have net nets network networks model models "  # noqa: SIM905
    "class classes layer layers torch name says more than not add adds logic same work works homework own".split()
)


def spelled(text: str) -> str:
    """A name or sentence as lower-case words: camel case, underscores and digits taken apart, ``3x3`` kept."""
    text = re.sub(r"(\d)\s*[xXхХ×]\s*(?=\d)", r"\1x", text)
    text = re.sub(r"(?<=[a-zа-яёіїєґ0-9])(?=[A-ZА-ЯЁІЇЄҐ])|(?<=[A-ZА-ЯЁІЇЄҐ])(?=[A-ZА-ЯЁІЇЄҐ][a-zа-яёіїєґ])", " ", text)
    text = re.sub(r"(?<=\d)(?=[^\W\d_])(?!x\d)|(?<=[^\W\d_])(?<!\dx)(?=\d)", " ", text)
    return " ".join(re.findall(r"\dx\d|[^\W_]+", text.lower()))


def ideas_in(text: str) -> frozenset[str]:
    """The ideas that a text names."""
    words = spelled(text)
    return frozenset(name for name, pattern in _PATTERNS.items() if pattern.search(words))


def rest_of(text: str) -> frozenset[str]:
    """Words of a text that no idea covers."""
    words = spelled(text)
    for pattern in _PATTERNS.values():
        words = pattern.sub(" ", words)
    return frozenset(word for word in words.split() if len(word) >= 4 and word not in _STOP and not any(map(str.isdigit, word)))
