"""Which class or factory of a submission fills which role."""

from grader.discovery.contract import Match, match_roles

__all__ = ["Match", "match_roles"]
