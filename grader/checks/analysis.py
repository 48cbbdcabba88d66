"""Does the README treat a topic in prose, with a number in it? Shared by the checks that ask for an analysis."""

from __future__ import annotations

import re
from fractions import Fraction

from pydantic import field_validator

from grader.checks.base import Requirements
from grader.records import Item, Message, message
from grader.submission import Submission
from grader.submission.prose import Section, paragraphs

LEAST_WORDS = 8
# A number that can be a result: not glued to a word or a size (CIFAR-10, 3x3, 28 x 28, 3-4), not the number of a part
# of the assignment (1.1) unless a unit follows, and not the points that a part is worth: 15 points, (15).
_NUMBER = re.compile(
    r"""(?<![\w×.,/])(?<!\w[-–])(?<![x×*]\s)
    (?![1-9]\.[1-9](?!\d|\w|\s*%|\s(?:s|seconds?|times|x|points|секунд\w*|с|раза?|пунктов)\b))
    (?:\d{1,3}(?:[,\s]\d{3})+|\d+[.,]\d+|(?!(?<=\()\d+\))\d+(?!\s*(?:points|балл|бал)))(?!\d)
    (?!\s*[x×*]\s*\d)""",
    re.IGNORECASE | re.VERBOSE,
)


class Readme(Requirements):
    """A section of the README, by the number in its heading, and the topics that its prose has to treat: word -> regex."""

    section: str
    topics: dict[str, str]

    @field_validator("topics")
    @classmethod
    def _compiles(cls, topics: dict[str, str]) -> dict[str, str]:
        for topic in topics.values():
            try:
                re.compile(topic)
            except re.error as error:
                raise ValueError(f"{topic!r} is no regular expression: {error}") from error
        return topics


def readme_item(submission: Submission, readme: Readme, weight: Fraction) -> Item:
    """The share of topics with a paragraph of prose and a number; half of it where no heading names the part."""
    path = submission.readme() or "README.md"
    own = [section for section in submission.sections() if section.is_about(readme.section)]
    everything = () if own else paragraphs(submission.text(path) or "")
    texts = [paragraph for section in own for paragraph in paragraphs(section.text)] or list(everything)
    treated = [topic for topic in readme.topics.values() if any(is_analysis(text, topic) for text in texts)]
    share = Fraction(len(treated), len(readme.topics)) * (1 if own else Fraction(1, 2))
    return Item(
        share,
        message(
            "{path}, section {section}: a paragraph on {topics} with numbers",
            path=path,
            section=readme.section,
            topics=" and ".join(readme.topics),
        ),
        _found(path, readme, own, len(treated)),
        message("an analysis says in words what the numbers show, with the numbers in it"),
        weight,
        look_at=f"{path}:{own[0].line}" if own else None,
    )


def _found(path: str, readme: Readme, own: list[Section], treated: int) -> Message:
    if own:
        return message("{treated} of {all} topics", treated=treated, all=len(readme.topics))
    if treated:
        return message("a paragraph, but no heading of {path} carries the number {section}", path=path, section=readme.section)
    return message("no heading of {path} carries the number {section}", path=path, section=readme.section)


def is_analysis(paragraph: str, topic: str) -> bool:
    """A paragraph of some length on the topic that states a number which could be a result."""
    long_enough = len(re.findall(r"[^\W\d_]{2,}", paragraph)) >= LEAST_WORDS
    return long_enough and bool(re.search(topic, paragraph, re.IGNORECASE)) and any(map(_is_result, _NUMBER.findall(paragraph)))


def _is_result(number: str) -> bool:
    """At least two digits that say something: 0.93, 98, 12,345; not 3 or 20."""
    digits = re.sub(r"\D", "", number)
    is_decimal = re.fullmatch(r"\d+[.,]\d+", number) is not None
    return len((digits if is_decimal else digits.rstrip("0")).lstrip("0")) >= (1 if is_decimal else 2)
