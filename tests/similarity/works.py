"""Homework made up at random: no two functions are alike but by intent."""

from __future__ import annotations

import random
import re

WORDS = ("image", "weight", "total", "layer", "batch", "label", "score", "width")


def function(name: str, seed: int, lines: int = 12) -> str:
    """A function of so many lines (and the one of its name), without an end of line."""
    luck = random.Random(seed)
    return "\n".join([f"def {name}(image, label):", *(f"    {_statement(luck)}" for _ in range(lines))])


def _statement(luck: random.Random) -> str:
    a, b = luck.choice(WORDS), luck.choice(WORDS)
    sign, number = luck.choice("+-*/%@"), luck.randrange(1000)
    return luck.choice((
        f"{a} = {b} {sign} {number}", f"{a}[{number}] = {b}", f"{a}.append({b}, {number})", f"print({a} {sign} {b}, {number})",
        f"{a} = [{b} {sign} {number} for {b} in {a}]", f"assert {a} {sign} {b} > {number}", f"{a} = lambda {b}: {number} {sign} {b}",
    ))  # fmt: skip


def module(*seeds: int) -> str:
    """A file with a function for each seed."""
    return "\n\n\n".join(function(f"step_{seed}", seed) for seed in seeds) + "\n"


def disguised(text: str) -> str:
    """Every name another, other spaces, comments, a docstring."""
    for word in WORDS:
        text = re.sub(rf"\b{word}\b", f"my_{word[::-1]}", text)
    return text.replace("step_", "phase_").replace("    ", "  ").replace(" = ", "=").replace(":\n", ":  # mine\n\n")
