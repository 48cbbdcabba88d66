"""What a file of the student's defines, read before anything of it runs."""

from __future__ import annotations

from .recovery import blocks as blocks
