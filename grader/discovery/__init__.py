"""Which class or factory of a submission fills which role."""

from grader.discovery.contract import match_roles, refuse_the_folder_above
from grader.discovery.records import Match

__all__ = ["Match", "match_roles", "refuse_the_folder_above"]
