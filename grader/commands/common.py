"""What all commands share: how an error becomes a sentence and an exit code."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from grader.errors import GradeError, GraderFault, InputError
from grader.report.text import clean

INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def mapped_errors(verbose: bool = False, stopped: str = "nothing was written") -> Iterator[None]:
    """Every error as one sentence and the documented exit code; a traceback only for the grader's own fault, on request."""
    errors = Console(stderr=True)
    try:
        yield
    except KeyboardInterrupt as error:
        errors.print(f"grade: stopped; {stopped}.", highlight=False)
        raise typer.Exit(INTERRUPTED) from error
    except typer.Exit:
        raise
    except Exception as error:
        if known := _known(error, stopped):
            style = "red" if errors.is_terminal else ""
            errors.print(f"grade: {clean(str(known))}", style=style, markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(known.exit_code) from error
        if verbose:
            errors.print(clean(traceback.format_exc()), markup=False, highlight=False)
        text = f"grade: the grader itself failed ({type(error).__name__}: {error}). Run again with --verbose and report what it prints."
        errors.print(clean(text), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(GraderFault.exit_code) from error


def _known(error: Exception, stopped: str) -> GradeError | None:
    """The error as one that a user can act on; None where it is our own."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return InputError(f"The disk is full ({error.filename or 'no file named'}); {stopped}. Make room and run the command again.")
    return error if isinstance(error, GradeError) else None
