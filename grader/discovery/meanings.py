"""What a parameter means, by its name, by what it is handed on as, by its annotation; and what to give for each meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grader.discovery.records import Parameter, Unknown
from grader.discovery.uses import CLASSES, Purpose

_COUNT = r"(n_?|num_?|number_?|nb_?)?(of_)?"
_CHANNELS = r"(ch|chs|chans?|channels?|c|planes?|filters?|maps)"
_SIZE = r"(features?|dims?|units|len|nodes|neurons|size)"
_RATIO = r"(ratio|factor|rate)"
_LAYERS = r"(layers?|blocks?|convs?|stages)(_?(count|num|number|n))?"
# The first pattern that matches a whole name counts. Names come in snake case.
NAMES: tuple[tuple[str, str], ...] = (
    ("input_shape", r"(in(put)?|img|image)_?shape|in(put)?_?size_hw|shape"),
    ("classes", rf"{_COUNT}(class(es)?|cls|labels|categories)(_count|_num)?|n_?out(puts)?"),
    ("in_channels", rf"in(put|p|it|itial)?_?{_CHANNELS}|{_CHANNELS}_?in(put)?|cin|inch|inp|(img|image)_?{_CHANNELS}|colou?r(s|_?channels)"),
    ("out_channels", rf"out(put)?_?{_CHANNELS}|{_CHANNELS}_?out|cout|outch|oup|outp|growth(_rate)?"),
    ("mid_channels", rf"(mid|middle|bottleneck|inner|inter|squeeze|reduced|hidden|bn)(_?(dim|width|size|{_CHANNELS}))"),
    ("in_features", rf"in(put)?_?{_SIZE}|(features?|dim|size)_?in|d_?in|n_?in(puts)?|flat(ten)?_?(size|dim)?"),
    ("out_features", rf"out(put)?_?{_SIZE}|(features?|dim|size)_?out|d_?out"),
    ("kernels", r"kernels|kernel_?sizes|ks_list|filter_?sizes"),
    ("kernel", r"((conv|filter|pool)_?)?kernel(_?(size|type|s|w|h))?|k|ks|ksize|k_?size|(filter|window|pool)_?size|window|size_kernel"),
    ("stride", r"strides?|s|downsample_?factor"),
    ("padding", r"pad(ding)?"),
    ("dilation", r"dilation"),
    ("groups", r"(n_?|num_?)?groups"),
    ("widen", r"wid(en|e|th)_?(factor|mult(iplier)?|ratio|scale)|widen|k_?factor|mult(iplier)?"),
    ("factor", rf"(reduction|expansion)(_?{_RATIO})?|expand(_?ratio)?|(squeeze|bottleneck|reduce)_?{_RATIO}|{_RATIO}|r"),
    ("dropout", r"drop(out)?(_?(p|rate|prob(ability)?|conv|fc|ratio))?|p|p_?drop|rate|prob"),
    ("dataset", r"(data_?set|data)(_?(name|type))?|task"),
    ("image", r"(img|image|spatial|feature)_?(size|res(olution)?|hw|dim|height|width|side)|height|h|w|resolution"),
    ("counts", rf"{_COUNT}(blocks?|layers|stages?)_?(list|per_?(stage|layer)|config|cfg)|repeats"),
    ("widths", r"hidden_?(sizes|dims|layers?_?sizes|list|features)|layers?_?(sizes|dims|widths|config)|widths|sizes|dims|hiddens|units"),
    ("hidden", r"hidden(_?(size|dim|units|features|nodes|neurons))?(_?\d)?|fc_?(size|dim|units)|embed(ding)?_?dim"),
    ("block", r"(res(idual)?_?)?block(_?(cls|class|type|fn|name|layer|kind))?|layer(_?(cls|class|type))?"),
    ("depth", rf"((network|net)_?)?depth(_?level)?|{_COUNT}((conv(olution(al)?)?|hidden|res(idual)?)_?)?{_LAYERS}|n"),
    ("activation", r"(use_)?(act|activation|nonlin(earity)?)(_?(fn|func|function|layer|cls|class|type|name))?"),
    ("norm", r"norm(alization)?(_?(layer|type|cls))?"),
    ("heads", rf"{_COUNT}(attention_?)?heads?"),
    ("flag", r"(use|with|is|has|apply|enable|add|do|learn|include)_\w+|bias|affine|batch_?norm|bn|res(idual)?|skip(_?connections?)?"),
    ("flag", r"learnable|inplace|debug|verbose|pretrained"),
    ("amount", r"alpha|beta|gamma|slope|temp(erature)?|scale|thresh(old)?|eps(ilon)?|momentum|sigma|strength|init(_?value)?|lambda_?"),
    ("amount", r"noise(_?(std|level))?|weight|t|power|norm_type|std"),
    ("out_channels", rf"{_COUNT}(base|start|first|init(ial)?|conv)?_?({_CHANNELS}|width|features?)(_?\d)?|features|width|base"),
    ("device", r"device"),
    ("out_channels", rf"\w+_{_CHANNELS}"),
)
_COMPILED = [(meaning, re.compile(pattern)) for meaning, pattern in NAMES]
_CHANNEL_NAME = re.compile(rf"{_COUNT}({_CHANNELS}|dim|features?|d_model)$")
# What a formal parameter of torch means.
HANDED_ON = {"kernel_size": "kernel", "num_features": "channels", "p": "dropout"}
# What a number is called whose parameter turns out to be a list, and the other way round.
_AS_LIST = {"in_features": "input_shape", "image": "input_shape", "input_shape": "input_shape"} | {
    "depth": "counts", "block": "counts", "counts": "counts", "kernel": "kernels", "kernels": "kernels"
}  # fmt: skip
_AS_NUMBER = {"widths": "hidden", "counts": "depth", "kernels": "kernel"}
# Selectors of variants: where some are compared with, the others may be what is left.
USUAL = (("3x3", "5x5", "7x7"), ("shallow", "medium", "deep", "residual"))
SIDES = (28, 32)  # of the images
_OWN_MEANINGS = frozenset(meaning for meaning, _ in NAMES) | {"channels"}


@dataclass(frozen=True)
class Setting:
    """What a network is built for, or a layer: one kind of input."""

    channels: int
    side: int
    out: int = 0  # channels that a layer gives; 0 for a network
    is_network: bool = True

    @property
    def numbers(self) -> int:
        """How many numbers one input holds."""
        return self.channels * self.side * self.side if self.is_network else self.channels


def meaning(parameter: Parameter, purpose: Purpose) -> str | None:
    """What a parameter means, None where nothing tells."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", parameter.name).lower().strip("_")
    found = next((each for each, pattern in _COMPILED if pattern.fullmatch(name)), None)
    handed = _handed(purpose.handed_on.get(parameter.name, ""))
    if _CHANNEL_NAME.fullmatch(name) and (found is None or found == "out_channels"):
        found = handed if handed in ("in_channels", "out_channels", "in_features") else "channels"
        found = "channels" if purpose.use == "layer" else "in_channels" if found in ("channels", "in_features") else found
    if purpose.use == "layer":
        found = {"classes": "out_channels", "hidden": "mid_channels"}.get(found or "", found)
    elif found == "out_features" or (found is None and handed == "out_features"):
        found = "classes" if handed in ("out_features", "classes", None) else found
    if found == "in_features" and (handed == "in_channels" or parameter.default in SIDES or purpose.convolves):
        found = handed if handed in ("in_channels", "in_features") else "image"  # of a network that convolves it is a side
    return _as_used(found or handed, parameter, purpose)


def _handed(formal: str) -> str | None:
    known = HANDED_ON.get(formal, formal)
    if known in _OWN_MEANINGS:
        return known
    return next((each for each, pattern in _COMPILED if pattern.fullmatch(known.lower())), None)


def _as_used(found: str | None, parameter: Parameter, purpose: Purpose) -> str | None:
    """Corrected by how the body uses it: as a list, as a class, as a number."""
    is_list = parameter.name in purpose.sequences or re.search(r"list|tuple|sequence|iterable", parameter.annotation, re.I) is not None
    if parameter.name in purpose.builds:
        return found if found in ("activation", "norm") else "block"
    if parameter.annotation == "bool" or isinstance(parameter.default, bool):
        return "flag"
    return _AS_LIST.get(found or "", "widths") if is_list else _AS_NUMBER.get(found or "", found)


def _listed_widths(setting: Setting, purpose: Purpose, names: frozenset[str]) -> list[list[int]]:
    """Widths of layers: with the ends where nothing else says them."""
    if purpose.convolves:
        return [[16, 32, 64]] if "in_channels" in names else [[setting.channels, 16, 32, 64], [16, 32, 64]]
    inner = [512, 256, 128] if setting.numbers < 1000 else [1024, 512, 256]
    first = [] if "in_features" in names else [setting.numbers]
    last = [] if "classes" in names else [CLASSES]
    return [[*first, *inner, *last]]


MIXED = [1, 3]  # kernels of one network
KERNELS: list[Any] = [[3, 3, 3], [5, 5, 5], [7, 7, 7], MIXED, 3, 5, 7]
# A layer that has a window but no channels pools.
_POOLING: Mapping[str, list[Any]] = {"kernel": [2, 3], "stride": [2], "padding": [0]}
_CHANNELED = frozenset(("in_channels", "out_channels", "channels"))
_VALUES: Mapping[str, Callable[[Setting], list[Any]]] = {
    "input_shape": lambda setting: [[setting.channels, setting.side, setting.side]],
    "classes": lambda _: [CLASSES],
    "in_channels": lambda setting: [setting.channels],
    "channels": lambda setting: [setting.channels],
    "out_channels": lambda setting: [setting.out or 32],
    "mid_channels": lambda setting: [max(4, setting.channels // 4)],
    "in_features": lambda setting: [setting.numbers],
    "out_features": lambda setting: [setting.out or CLASSES],
    "kernels": lambda _: KERNELS,
    "kernel": lambda setting: [3, 5, 7] if setting.is_network else [3],
    "stride": lambda _: [1],
    "padding": lambda _: [1],
    "dilation": lambda _: [1],
    "groups": lambda _: [1],
    "widen": lambda _: [2],
    "factor": lambda _: [4],
    "dropout": lambda _: [0.3],
    "dataset": lambda setting: ["mnist"] if setting.channels == 1 else ["cifar10", "cifar"],
    "image": lambda setting: [setting.side],
    "counts": lambda _: [[2, 2, 2], [2, 2, 2, 2]],
    "hidden": lambda _: [128],
    "depth": lambda setting: [2, 4, 6] if setting.is_network else [2],
    "activation": lambda _: ["relu"],
    "heads": lambda _: [4],
    "flag": lambda _: [False, True],
    "amount": lambda _: [1.0],
    "device": lambda _: ["cpu"],
    "norm": lambda _: [{"$ref": "torch.nn:BatchNorm2d"}],
}


def guesses(found: str | None, parameter: Parameter, purpose: Purpose, setting: Setting, names: frozenset[str]) -> list[Any]:
    """Values to give for a parameter, best first; none where nothing can be given. `names`: the meanings of all parameters."""
    listed = choices(parameter, purpose)
    if found == "dataset" and listed:
        mine = "mnist" if setting.channels == 1 else "cifar"
        named = [choice for choice in listed if mine in str(choice).lower()]
        return [*(named or [mine]), *(choice for choice in listed if choice not in named)]
    if listed and (found in (None, "block", "activation", "norm", "kernel", "depth") or isinstance(listed[0], str)):
        return listed
    if found == "activation" and (parameter.name in purpose.builds or parameter.name in purpose.applied):
        return [{"$ref": "torch.nn:ReLU" if parameter.name in purpose.builds else "torch.nn.functional:relu"}]
    if found == "widths":
        return _listed_widths(setting, purpose, names)
    if purpose.use == "layer" and not purpose.convolves and "kernel" in names and not names & _CHANNELED and (found or "") in _POOLING:
        return _POOLING[found or ""]
    if parameter.name in purpose.applied:
        return []  # an instance cannot be given
    if found == "kernels" and not isinstance(parameter.default, Unknown):
        return [each for each in KERNELS if isinstance(each, list) == isinstance(parameter.default, list) or each == MIXED]
    values = _VALUES.get(found or "")
    return values(setting) if values else _by_annotation(parameter.annotation)


def _by_annotation(annotation: str) -> list[Any]:
    known = {"int": 16, "float": 0.5, "bool": False, "str": "relu"}
    return [known[annotation]] if annotation in known else []


def choices(parameter: Parameter, purpose: Purpose) -> list[Any]:
    """What the code or the annotation lists as possible; alternatives of a number that is only checked are none."""
    literals = re.findall(r"['\"]([^'\"]{1,40})['\"]", parameter.annotation) if "Literal" in parameter.annotation else []
    found = literals or list(purpose.choices.get(parameter.name, ()))
    texts = [choice for choice in found if isinstance(choice, str)]
    if texts:
        return [*(choice for choice in found if not isinstance(choice, bool)), *_others(texts)]
    return found if len(found) > 1 and not isinstance(parameter.default, bool) else []


def _others(texts: list[str]) -> list[str]:
    """What a selector that is compared with one or two of the usual variants may be besides."""
    usual = next((each for each in USUAL if any(part in text for text in texts for part in each[:3])), ())
    return [each for each in usual if each not in texts] if len(texts) < 3 else []
