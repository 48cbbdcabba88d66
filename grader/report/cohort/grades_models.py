"""The JSON of a cohort as models: the one place that names its fields. ``grades_json`` writes them without building them.

Points are exact decimals of at most four places (half to even). Times are ISO 8601 with their zone.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from grader.records import Outcome, Review

VERSION = 1


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PartModel(_Model):
    """One part of the assignment."""

    id: str = Field(description="the rubric's id of the part")
    title: str = Field(description="its title")
    max: float = Field(description="points of the part")


class CriterionModel(_Model):
    """One criterion of the rubric."""

    id: str = Field(description="the rubric's id of the criterion")
    part: str = Field(description="id of the part that it belongs to")
    title: str = Field(description="the criterion as a sentence")
    max: float = Field(description="points of the criterion")


class OverrideModel(_Model):
    """A person's word on one criterion."""

    points: float = Field(description="points that the person gave")
    reason: str = Field(description="why")
    author: str = Field(description="who")
    made: AwareDatetime = Field(description="when")


class MarkModel(_Model):
    """One criterion of one student."""

    points: float = Field(description="the machine's points")
    outcome: Outcome = Field(description="the machine's outcome")
    review: Review = Field(description="whether a person should look")
    why: str | None = Field(None, description="the reason, where points were lost")
    override: OverrideModel | None = Field(None, description="a person's word, which holds instead of the machine's")


class CommentModel(_Model):
    """A person's remark to the student."""

    criterion: str = Field(description="id of the criterion; empty for the whole")
    text: str = Field(description="the remark")
    author: str = Field(description="who")
    made: AwareDatetime = Field(description="when")


class AttemptModel(_Model):
    """One thing that was handed in."""

    label: str = Field(description="where it was found")
    handed_in: AwareDatetime | None = Field(description="null where nothing says it")
    counts: bool = Field(description="whether it is the one that is graded")


class StudentModel(_Model):
    """One student."""

    id: str = Field(description="as in the roster, or the name of what was handed in")
    name: str = Field(description="empty where it is not known")
    group: str = Field(description="empty where there is none")
    lms_id: str = Field(description="number on the learning platform; empty where it is not known")
    status: Literal["graded", "unreadable", "failed", "waiting", "missing"] = Field(
        description="`unreadable`: the submission is at fault; `failed`: the grader is; `waiting`: not graded yet; "
        "`missing`: nothing handed in"
    )
    reason: str = Field(description="why it is not graded")
    attempts: list[AttemptModel] = Field(description="all of them, the one that counts first")
    machine_points: float = Field(description="the machine's points")
    points: float = Field(description="with what people decided")
    lowest: float = Field(description="`points` if every open review is decided against the student")
    highest: float = Field(description="`points` if every open review is decided for the student")
    days_late: int = Field(description="begun days after the deadline and its grace")
    late_points: float = Field(description="points taken away for that")
    final: float = Field(description="`points` less `late_points`, never below 0")
    marks: dict[str, MarkModel] = Field(description="by the id of the criterion")
    comments: list[CommentModel] = Field(description="oldest first")
    report: str = Field(description="path of the student's page, relative to this file; empty where there is none")
    graded: AwareDatetime | None = Field(description="when")


class UnmatchedModel(_Model):
    """Something that belongs to nobody known."""

    label: str = Field(description="where it was found")
    reason: str = Field(description="why it could not be matched")


class TermsModel(_Model):
    """What all were graded under. The seed is in the gradebook alone: it is secret until the marks are out."""

    grader_version: str = Field(description="version of the grader")
    rubric_hash: str = Field(description="hash of the rubric")
    profile: str = Field(description="quick or full")
    device: str = Field(description="what was asked for: auto, cpu, cuda or mps")
    machine: str = Field(description="kind of processor or GPU")
    torch_version: str = Field(description="version of torch")
    isolation: str = Field(description="full, best or none")


class GradesModel(_Model):
    """The document."""

    version: Literal[1] = Field(description="of this format; a field that changes its meaning or goes makes a new one")
    assignment: str = Field(description="title of the assignment")
    max: float = Field(description="points that could be earned")
    made: AwareDatetime | None = Field(description="when the gradebook was read")
    terms: TermsModel | None = Field(description="null before the first grading")
    parts: list[PartModel] = Field(description="in the order of the rubric")
    criteria: list[CriterionModel] = Field(description="in the order of the rubric")
    students: list[StudentModel] = Field(description="by name, then id")
    unmatched: list[UnmatchedModel] = Field(description="what was handed in by nobody known")
