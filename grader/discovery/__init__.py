"""Which class or factory of a submission fills which role."""

from grader.discovery.contract import Match, match_roles, refuse_the_folder_above

__all__ = ["Match", "match_roles", "refuse_the_folder_above"]
