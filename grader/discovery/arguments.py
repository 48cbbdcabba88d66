"""The builds of a definition that are worth trying, best first: as the student calls it, by its defaults, by what its parameters mean."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from typing import Any, Literal

from grader.discovery.meanings import Setting, choices, guesses, meaning
from grader.discovery.records import Build, Definition, Parameter, Unknown
from grader.discovery.survey import Reading
from grader.discovery.uses import Purpose

MAX_BUILDS = 24
MAX_CALLS_FIRST = 16  # builds from calls that come before everything else
MAX_LAYER_CALLS_FIRST = 4  # of a layer they differ mostly in widths
MAX_CROSSED = 8  # builds of one kind of input that are tried with another
MAX_WORDS = 48
INNER = "__init__"  # a word near calls inside other networks
ANY_COUNT = 4  # arguments that a block may need where its call is not seen
SUBJECTS: tuple[tuple[int, ...], ...] = ((1, 28, 28), (3, 32, 32))
# What a layer is built for: channels in, channels out (a bottleneck often gives four times as many as it is told).
LAYERS = ((16, 16), (16, 32), (64, 64), (64, 16))
LAYER_SIDE = 16
# Parameters that say what kind of input there is.
_INPUT = ("in_channels", "channels", "in_features", "input_shape", "image", "dataset", "widths")
# Meanings of which other values are other networks, the telling ones first.
_VARIED = ("block", "kernel", "kernels", "depth", "counts", None, "flag", "activation", "norm", "widen", "factor")

Origin = Literal["call", "default", "inferred"]
Arguments = dict[str, Any]


def builds(
    definition: Definition, reading: Reading, shapes: Sequence[tuple[int, ...]] = SUBJECTS, *, limit: int = MAX_BUILDS
) -> tuple[Build, ...]:
    """The builds to try, best first, none twice; none at all where something is needed that cannot be given.

    `shapes` are the shapes of one sample of the assignment's data: a network is built for each. Layers and blocks are
    built for a few numbers of channels. First come the student's own calls (what they leave open is inferred), then the
    defaults, then the same for the other data, then other values of what selects a variant.
    """
    return _Builder(definition, reading, shapes).builds()[:limit]


def input_channels(build: Build, reading: Reading) -> int | None:
    """How many channels the input of a build has, as far as its arguments say."""
    purpose = reading.purposes.get(build.definition.place, Purpose())
    for parameter in build.definition.parameters:
        value = build.arguments.get(parameter.name, parameter.default)
        if meaning(parameter, purpose) in ("in_channels", "channels") and isinstance(value, int):
            return value
    return None


@dataclass(frozen=True)
class _Plan:
    """One build on its way."""

    arguments: Arguments
    origin: Origin
    words: tuple[str, ...] = ()
    place: str | None = None


class _Builder:
    def __init__(self, definition: Definition, reading: Reading, shapes: Sequence[tuple[int, ...]]) -> None:
        self._definition, self._reading = definition, reading
        self._purpose = reading.purposes.get(definition.place, Purpose())
        if self._purpose.use == "unknown" and self._is_part():
            self._purpose = replace(self._purpose, use="layer")
        given = [each for each in definition.parameters if each.kind != "variadic"]
        self._parameters = given[1:] if self._purpose.takes_tensor else given
        self._meanings = {each.name: meaning(each, self._purpose) for each in self._parameters}
        if self._purpose.use != "network" and not {"in_channels", "channels", "in_features"} & set(self._meanings.values()):
            only = next((each for each, found in self._meanings.items() if found == "out_channels"), None)
            self._meanings |= {only: "channels"} if only else {}
        self._names = frozenset(each for each in self._meanings.values() if each)
        self._settings = self._all_settings(shapes)

    def builds(self) -> tuple[Build, ...]:
        """Best first."""
        calls = self._calls()
        first = [plan for plan in map(self._completed, calls) if plan]
        fresh = [plan for setting in self._settings if (plan := self._completed(_Plan({}, "default"), setting))]
        plain = self._completed(_Plan({}, "default"))
        base = first[:1] or ([plain] if plain else [])
        varied = [plan for each in base for plan in (*self._padded(plain or each), *self._varied(each))]
        crossed = [list(self._crossed(each)) for each in [*first[:MAX_CROSSED], *([plain] if plain else [])]]
        more = [list(self._crossed(each)) for each in varied[:MAX_CROSSED]]
        near = [plan for each in zip_longest([*fresh, *chain.from_iterable(crossed)], varied) for plan in each if plan]
        count = MAX_LAYER_CALLS_FIRST if self._purpose.use == "layer" else MAX_CALLS_FIRST
        plans = [*first[:count], *([plain] if plain else []), *near, *chain.from_iterable(more), *first[count:]]
        return tuple(self._distinct(plans))

    def _all_settings(self, shapes: Sequence[tuple[int, ...]]) -> list[Setting]:
        networks = [Setting(shape[0], shape[-1]) for shape in shapes]
        layers = [Setting(inner, LAYER_SIDE, outer, is_network=False) for inner, outer in LAYERS]
        return {"network": networks, "layer": layers}.get(self._purpose.use, [*networks, *layers])

    def _is_part(self) -> bool:
        """Whether it is only built by the constructors of others."""
        calls = [call for call in self._reading.survey.calls if call.definition == self._definition.place]
        return bool(calls) and all(INNER in call.words for call in calls)

    def _calls(self) -> list[_Plan]:
        """The student's calls, those outside other definitions first."""
        calls = [call for call in self._reading.survey.calls if call.definition == self._definition.place]
        known = {each.name for each in self._definition.parameters}
        takes_more = any(each.kind == "variadic" for each in self._definition.parameters)
        inner = [f"{call.file}:{call.line}" for call in calls if INNER in call.words]
        plans = []
        for call in calls:
            arguments = {name: value for name, value in call.arguments.items() if takes_more or name in known}
            plans.append(_Plan(arguments, "call", call.words, f"{call.file}:{call.line}"))
        strides = [each.name for each in self._parameters if self._meanings[each.name] == "stride"]
        return sorted(plans, key=lambda plan: (plan.place in inner, any(plan.arguments.get(name) not in (None, 1) for name in strides)))

    def _completed(self, plan: _Plan, setting: Setting | None = None) -> _Plan | None:
        """The plan with a value for every parameter that needs one, None where one cannot be had."""
        setting = setting or self._setting_of(plan.arguments)
        arguments = dict(plan.arguments)
        for parameter in self._parameters:
            if parameter.default is Unknown.MISSING and parameter.name not in arguments:
                values = self._guesses(parameter, setting)
                if not values:
                    return None
                arguments[parameter.name] = values[0]
        is_same = arguments == plan.arguments
        return _Plan(arguments, plan.origin if is_same or plan.origin == "call" else "inferred", plan.words, plan.place)

    def _setting_of(self, arguments: Arguments) -> Setting:
        """The kind of input that the arguments (or defaults) speak of, else the first."""
        for parameter in self._parameters:
            value = arguments.get(parameter.name, parameter.default)
            for setting in self._settings if self._meanings[parameter.name] in _INPUT and not isinstance(value, Unknown) else ():
                if value is not None and value in self._guesses(parameter, setting):
                    return setting
        return self._settings[0]

    def _guesses(self, parameter: Parameter, setting: Setting) -> list[Any]:
        found = self._meanings[parameter.name]
        if parameter.name in self._purpose.keys and found not in _INPUT:
            return self._tables(parameter, setting)
        values = guesses(found, parameter, self._purpose, setting, self._names)
        is_text = isinstance(parameter.default, str) or parameter.name.endswith(("type", "name", "kind"))
        if found == "block" and not values and not is_text and parameter.name not in self._purpose.applied:
            return self._blocks(self._purpose.builds.get(parameter.name, ANY_COUNT))
        return values

    def _tables(self, parameter: Parameter, setting: Setting) -> list[Any]:
        """A dict of settings, each key guessed as if it were a parameter."""
        table = {}
        for key in self._purpose.keys[parameter.name]:
            inner = Parameter(key)
            values = guesses(meaning(inner, self._purpose), inner, self._purpose, setting, self._names)
            if not values:
                return []
            table[key] = values[0]
        return [table]

    def _blocks(self, count: int) -> list[Any]:
        """Classes of the submission that can be called with so many arguments, blocks of the same file first."""
        found = []
        for each in self._reading.survey.definitions:
            required = sum(parameter.default is Unknown.MISSING and parameter.kind == "positional" for parameter in each.parameters)
            is_layer = self._reading.purposes.get(each.place, Purpose()).use != "network" and each.kind == "module"
            if is_layer and required <= count <= len(each.parameters):
                found.append((not re.search("block|resid|bottleneck", each.name, re.I), each.file != self._definition.file, each.place))
        return [{"$ref": place} for _, _, place in sorted(found)[:4]]

    def _crossed(self, plan: _Plan) -> Iterator[_Plan]:
        """The same for the other kinds of input."""
        inputs = [each for each in self._parameters if self._meanings[each.name] in _INPUT]
        needed = [each for each in self._parameters if each.default is Unknown.MISSING]
        outputs = [each for each in needed if self._meanings[each.name] in ("out_channels", "mid_channels")]
        for setting in self._settings if inputs else ():
            arguments = dict(plan.arguments)
            for parameter in [*inputs, *(outputs if not setting.is_network else [])]:
                value = self._for_setting(parameter, arguments.get(parameter.name, parameter.default), setting)
                if value is not None:
                    arguments[parameter.name] = value
            if arguments != plan.arguments:
                yield _Plan(arguments, "inferred", plan.words)

    def _for_setting(self, parameter: Parameter, value: Any, setting: Setting) -> Any:
        """A value that speaks of the input, for another input; None to leave it alone."""
        if self._meanings[parameter.name] == "widths":
            is_input = isinstance(value, list) and bool(value) and any(value[0] in (each.numbers, each.channels) for each in self._settings)
            return [setting.numbers if value[0] > 3 else setting.channels, *value[1:]] if is_input else None
        values = self._guesses(parameter, setting)
        return values[0] if values and not (value is None and parameter.name not in self._purpose.handed_on) else None

    def _varied(self, plan: _Plan) -> Iterator[_Plan]:
        """Other values of what selects a variant, one parameter at a time, those of each taken in turn."""
        setting = self._setting_of(plan.arguments)
        rows = []
        for parameter in sorted(self._parameters, key=self._rank):
            if self._rank(parameter) < len(_VARIED):
                values = self._variants(parameter, setting)
                rows.append([_Plan({**plan.arguments, parameter.name: value}, "inferred", plan.words) for value in values])
        yield from chain.from_iterable(rows)

    def _padded(self, plan: _Plan) -> Iterator[_Plan]:
        """A convolution that pads only when told to, with a padding that keeps the size."""
        by_meaning = {found: each for each in self._parameters if (found := self._meanings[each.name])}
        padding, kernel = by_meaning.get("padding"), by_meaning.get("kernel")
        if self._purpose.use == "network" or padding is None or kernel is None or not self._names & {"in_channels", "channels"}:
            return
        size = plan.arguments.get(kernel.name, kernel.default)
        if isinstance(size, int):
            yield _Plan({**plan.arguments, padding.name: size // 2}, "inferred")

    def _rank(self, parameter: Parameter) -> int:
        found = self._meanings[parameter.name]
        if found in _INPUT or found not in _VARIED:
            return len(_VARIED)
        return -1 if choices(parameter, self._purpose) and found not in ("activation", "norm") else _VARIED.index(found)

    def _variants(self, parameter: Parameter, setting: Setting) -> list[Any]:
        default = parameter.default
        listed = choices(parameter, self._purpose)
        if isinstance(default, bool):
            return [not default, default]
        if default is None and not listed:
            return []
        values = listed or self._guesses(parameter, setting)
        return values if listed or isinstance(default, Unknown | type(values[0] if values else None)) else []

    def _distinct(self, plans: Sequence[_Plan]) -> Iterator[Build]:
        """Each set of arguments once, with the words of all that have it."""
        found: dict[str, _Plan] = {}
        for plan in plans:
            key = json.dumps(self._filled(plan.arguments), sort_keys=True, default=str)
            known = found.setdefault(key, plan)
            words = tuple(dict.fromkeys((*known.words, *(plan.words if plan.origin == "call" else ()))))[:MAX_WORDS]
            found[key] = _Plan(known.arguments, known.origin, words, known.place or plan.place)
        for plan in found.values():
            yield Build(self._definition, plan.arguments, plan.origin, plan.words if plan.origin != "inferred" else (), plan.place)

    def _filled(self, arguments: Arguments) -> Arguments:
        defaults = {each.name: each.default for each in self._parameters if each.default is not Unknown.MISSING}
        return {**defaults, **arguments}
