"""``submission.toml``: a student or an instructor says which class fills which role. It wins over every search."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from typing import Annotated, Any, Self

import tomli_w
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from grader.discovery.records import Match
from grader.errors import InputError
from grader.records import RoleCard, message
from grader.rubric import Rubric
from grader.submission import Submission

FILE = "submission.toml"
_MAX_DEPTH, _MAX_SIDE, _MAX_NUMBERS = 16, 4096, 2**20
HEAD = f"""\
# {FILE}: which class or factory of this submission fills which role. Put it into the homework's folder; what stands here
# wins over what the grader finds by itself, and is checked in the same way. A role that is left out is searched for.
#   candidate = "file.py:Name"; arguments = what it is built with; shape = one sample that it takes (channels, height, width).
# A class or function as an argument: {{ "$ref" = "file.py:Name" }} or {{ "$ref" = "torch.nn:ReLU" }}.

"""


def _plain(value: Any, depth: int = 0) -> Any:
    """What JSON can carry to the worker: no dates, no infinity, no endless nesting."""
    if depth > _MAX_DEPTH:
        raise ValueError(f"values may be nested {_MAX_DEPTH} times at most")
    if isinstance(value, dict):
        return {key: _plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, depth + 1) for each in value]
    if isinstance(value, int) and abs(value) >= 2**63:
        raise ValueError("an integer may have 64 bits at most")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number has to be finite")
    if not isinstance(value, str | int | float | bool):
        raise ValueError(f"a {type(value).__name__} is no argument; write text, a number, true, false, a list or a table")
    return value


class _Role(BaseModel):
    model_config = ConfigDict(extra="forbid")
    candidate: str = Field(pattern=r"^[^:]+\.(py|ipynb):[\w.]+$")
    arguments: Annotated[dict[str, Any], AfterValidator(_plain)] = {}
    shape: list[Annotated[int, Field(ge=1, le=_MAX_SIDE)]] | None = Field(None, min_length=1, max_length=3)

    @model_validator(mode="after")
    def _of_a_size_that_can_be_run(self) -> Self:
        if math.prod(self.shape or ()) > _MAX_NUMBERS:
            raise ValueError(f"one sample may have {_MAX_NUMBERS:,} numbers at most")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    roles: dict[str, _Role] = {}


def declared(submission: Submission, rubric: Rubric) -> dict[str, Match]:
    """The roles that the submission itself states. Raises InputError, with file and key, for a file that cannot be meant so."""
    if FILE not in submission.paths():
        return {}
    try:
        stated = _File.model_validate(tomllib.loads(submission.text(FILE) or "")).roles
    except (tomllib.TOMLDecodeError, RecursionError, OverflowError) as error:
        raise InputError(f"{FILE} is no valid TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{FILE} > {' > '.join(str(word) for word in first['loc'])}: {first['msg']}.") from error
    unknown = sorted(stated.keys() - rubric.role.keys())
    if unknown:
        raise InputError(f'{FILE}: there is no role "{unknown[0]}"; the roles are {", ".join(rubric.role)}.')
    return {role: _match(role, each) for role, each in stated.items()}


def _match(role: str, stated: _Role) -> Match:
    file, _, name = stated.candidate.partition(":")
    shape = tuple(stated.shape) if stated.shape else None
    return Match(role, file, name, 1.0, message("{file} says so", file=FILE), arguments=stated.arguments, shape=shape)


def as_toml(cards: Sequence[RoleCard]) -> str:
    """The matching as such a file, to be edited; roles that nothing fills stand there as comments."""
    roles: dict[str, dict[str, Any]] = {}
    for card in cards:
        if card.candidate:
            shape = {"shape": list(card.shape)} if card.shape else {}
            arguments = {"arguments": _without_none(card.arguments)} if card.arguments else {}
            roles[card.role] = {"candidate": card.candidate, **shape, **arguments}
    missing = "".join(f"# [roles.{card.role}]: nothing was found\n" for card in cards if not card.candidate)
    return HEAD + tomli_w.dumps({"roles": roles}) + ("\n" + missing if missing else "")


def _without_none(value: Any) -> Any:
    """TOML has no null: an argument that is None is left to its default."""
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    return [_without_none(each) for each in value if each is not None] if isinstance(value, list) else value
