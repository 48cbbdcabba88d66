"""What a parameter means, by its name, by what it is handed on as, by its annotation; and what to give for each meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grader.discovery.records import Parameter
from grader.discovery.uses import CLASSES, Purpose

_COUNT = r"(n_?|num_?|number_?|nb_?)?(of_)?"
_CHANNELS = r"(ch|chs|chan|channels?|c|planes?|filters?|maps)"
# The first pattern that matches a whole name counts. Names come in snake case.
NAMES: tuple[tuple[str, str], ...] = (
    ("input_shape", r"(in(put)?|img|image)_?shape|in(put)?_?size_hw|shape"),
    ("classes", rf"{_COUNT}(class(es)?|cls|labels|categories)(_count|_num)?|n_?out(puts)?"),
    ("in_channels", rf"in(put|p|it|itial)?_?{_CHANNELS}|{_CHANNELS}_?in(put)?|cin|inch|(img|image)_?{_CHANNELS}|color_?channels|colou?rs"),
    ("out_channels", rf"out(put)?_?{_CHANNELS}|{_CHANNELS}_?out|cout|outch|growth(_rate)?"),
    ("mid_channels", rf"(mid|middle|bottleneck|inner|inter|squeeze|reduced|hidden|bn)(_?(dim|width|size|{_CHANNELS}))"),
    ("in_features", r"in(put)?_?(features?|dims?|units|len|nodes|neurons|size)|(features?|dim|size)_?in|d_?in|n_?in(puts)?|flat(ten)?_?(size|dim)?"),
    ("out_features", r"out(put)?_?(features?|dims?|units|nodes|neurons|size)|(features?|dim|size)_?out|d_?out"),
    ("kernels", r"kernels|kernel_?sizes|ks_list|filter_?sizes"),
    ("kernel", r"(conv_?|filter_?|pool_?)?kernel(_?(size|type|s|w|h))?|k|ks|ksize|k_?size|filter_?size|window(_?size)?|pool_?size|size_kernel"),
    ("stride", r"strides?|s|downsample_?factor"),
    ("padding", r"pad(ding)?"),
    ("dilation", r"dilation"),
    ("groups", r"(n_?|num_?)?groups"),
    ("widen", r"wid(en|e|th)_?(factor|mult(iplier)?|ratio|scale)|widen|k_?factor|mult(iplier)?|width_?per.*"),
    ("factor", r"reduction(_?(ratio|factor|rate))?|ratio|r|expansion(_?(ratio|factor))?|expand(_?ratio)?|(squeeze|bottleneck|reduce)_?(factor|ratio)|factor"),
    ("dropout", r"(drop(out)?(_?(p|rate|prob(ability)?|conv|fc|ratio))?|p|p_?drop|rate|prob)"),
    ("dataset", r"(data_?set|data)(_?(name|type))?|task"),
    ("image", r"(img|image|spatial|feature)_?(size|res(olution)?|hw|dim|height|width|side)|height|width_px|h|w|resolution"),
    ("counts", rf"{_COUNT}(blocks?|layers|stages?)_?(list|per_?(stage|layer)|config|cfg)|blocks_?per_?stage|repeats"),
    ("widths", r"hidden_?(sizes|dims|layers?_?sizes|list|features)|(layer|layers)_?(sizes|dims|widths|config)|widths|sizes|dims|hiddens|units|architecture"),
    ("hidden", r"hidden(_?(size|dim|units|features|nodes|neurons))?(_?\d)?|fc_?(size|dim|units)|embed(ding)?_?dim"),
    ("depth", rf"(network_?|net_?)?depth(_?level)?|{_COUNT}(conv(olution(al)?)?_?|hidden_?|res(idual)?_?)?(layers?|blocks?|convs?|stages)(_?(count|num|number|n))?|n"),
    ("activation", r"(use_)?(act|activation|nonlin(earity)?)(_?(fn|func|function|layer|cls|class|type|name))?"),
    ("norm", r"norm(alization)?(_?(layer|type|cls))?"),
    ("block", r"(res(idual)?_?)?block(_?(cls|class|type|fn|name|layer|kind))?|layer(_?(cls|class|type))?"),
    ("heads", rf"{_COUNT}(attention_?)?heads?"),
    ("flag", r"(use|with|is|has|apply|enable|add|do|learn|include)_\w+|bias|affine|batch_?norm|bn|res(idual)?|skip(_?connections?)?|learnable|inplace|debug|verbose|pretrained"),
    ("amount", r"alpha|beta|gamma|slope|temp(erature)?|scale|thresh(old)?|eps(ilon)?|momentum|noise(_?(std|level))?|sigma|strength|init(_?value)?|lambda_?|weight|t|power|norm_type|std"),
    ("out_channels", rf"{_COUNT}(base|start|first|init(ial)?|conv)?_?({_CHANNELS}|width|features?)(_?\d)?|features|width|base"),
    ("device", r"device"),
)  # fmt: skip
_COMPILED = [(meaning, re.compile(pattern)) for meaning, pattern in NAMES]
_CHANNEL_NAME = re.compile(rf"{_COUNT}({_CHANNELS}|dim|features?|d_model)$")
# What a formal parameter of torch means.
HANDED_ON = {"kernel_size": "kernel", "num_features": "channels", "p": "dropout"}
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
    if is_list:
        lists = {"in_features": "input_shape", "image": "input_shape", "depth": "counts", "block": "counts", "kernel": "kernels", "input_shape": "input_shape"}
        return lists.get(found or "", found if found in ("counts", "kernels") else "widths")
    if found in ("widths", "counts", "kernels"):
        return {"widths": "hidden", "counts": "depth", "kernels": "kernel"}[found]
    return found


def _listed_widths(setting: Setting, purpose: Purpose, names: frozenset[str]) -> list[list[int]]:
    """Widths of layers: with the ends where nothing else says them."""
    if purpose.convolves:
        return [[16, 32, 64]] if "in_channels" in names else [[setting.channels, 16, 32, 64], [16, 32, 64]]
    inner = [512, 256, 128] if setting.numbers < 1000 else [1024, 512, 256]
    first = [] if "in_features" in names else [setting.numbers]
    last = [] if "classes" in names else [CLASSES]
    return [[*first, *inner, *last]]


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
    "kernels": lambda _: [[3, 3, 3], [5, 5, 5], [7, 7, 7], [1, 3]],
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
        return sorted(listed, key=lambda choice: mine not in str(choice).lower())
    if listed and (found in (None, "block", "activation", "norm", "kernel", "depth") or isinstance(listed[0], str)):
        return listed
    if found == "activation" and (parameter.name in purpose.builds or parameter.name in purpose.applied):
        return [{"$ref": "torch.nn:ReLU" if parameter.name in purpose.builds else "torch.nn.functional:relu"}]
    if found == "widths":
        return _listed_widths(setting, purpose, names)
    if purpose.use == "layer" and not purpose.convolves and "kernel" in names and not names & _CHANNELED and found in _POOLING:
        return _POOLING[found]
    if parameter.name in purpose.applied:
        return []  # an instance cannot be given
    if found in _VALUES:
        return _VALUES[found](setting)
    return _by_annotation(parameter.annotation)


def _by_annotation(annotation: str) -> list[Any]:
    known = {"int": 16, "float": 0.5, "bool": False, "str": "relu"}
    return [known[annotation]] if annotation in known else []


def choices(parameter: Parameter, purpose: Purpose) -> list[Any]:
    """What the code or the annotation lists as possible; alternatives of a number that is only checked are none."""
    literals = re.findall(r"['\"]([^'\"]{1,40})['\"]", parameter.annotation) if "Literal" in parameter.annotation else []
    found = literals or list(purpose.choices.get(parameter.name, ()))
    texts = [choice for choice in found if isinstance(choice, str)]
    return texts or (found if len(found) > 1 and not isinstance(parameter.default, bool) else [])
