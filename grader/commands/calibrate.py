"""``grade calibrate``: thresholds from runs of the reference."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

import grader
from grader.commands.common import mapped_errors
from grader.commands.output import check_outputs
from grader.errors import InputError
from grader.records import Report
from grader.report.text import clean
from grader.rubric import Calibration, Threshold, load_rubric
from grader.sandbox.template import Template

calibrate_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
FIRST_SEED = 1000  # far from those that anybody grades with by hand
FEWEST = 3
DISAGREES = 1
FORMS = (".svg", ".png", ".pdf")


@calibrate_app.command()
def calibrate(
    rubric: Annotated[Path, typer.Argument(help="The rubric's file; its thresholds are written anew.", show_default=False)],
    reference: Annotated[Path, typer.Option(help="The submission that does everything right.")] = Path("reference"),
    profile: Annotated[Literal["quick", "full"], typer.Option(help="Whose thresholds.")] = "quick",
    seeds: Annotated[int, typer.Option(help="How many runs.", min=FEWEST)] = 30,
    first_seed: Annotated[int, typer.Option(help="The first of them.", min=0, max=2**52)] = FIRST_SEED,
    false_fail: Annotated[float, typer.Option(help="How often the reference may miss one threshold.", min=1e-9, max=0.1)] = 1e-4,
    data_root: Annotated[Path | None, typer.Option(help="Folder with the real image sets.", show_default=False)] = None,
    device: Annotated[Literal["auto", "cpu", "cuda", "mps"], typer.Option(help="Where networks are trained.")] = "auto",
    jobs: Annotated[int, typer.Option(help="Processes that train (0: one for each core).", min=0)] = 0,
    plot: Annotated[Path | None, typer.Option(help="Draw it all here (.svg, .png).", show_default=False)] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; say whether the thresholds still agree with the code.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; show what would be written.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print a traceback where the grader itself fails.")] = False,
) -> None:
    """Run the REFERENCE under many seeds and set the thresholds of a RUBRIC by what it reaches. What was stopped goes on where it was."""
    console = Console(soft_wrap=True)
    with mapped_errors(verbose, "what was trained is kept; run the same command again to go on"):
        check_outputs(plot)
        if plot is not None and plot.suffix not in FORMS:
            raise InputError(f"{plot} has no form that can be drawn: let its name end in {', '.join(FORMS)}.")
        kept, _ = load_rubric(rubric)
        if profile not in kept.profile:
            raise InputError(f'The rubric has no profile "{profile}"; it has {", ".join(kept.profile)}.')
        from grader.calibration.measure import measure
        from grader.calibration.thresholds import disagreement, threshold, whole_false_fail
        from grader.session import make_setting

        with Template() as workers:
            found = measure(
                reference,
                lambda seed: make_setting(
                    rubric=rubric, profile=profile, data_root=data_root, device=device, seed=seed, workers=workers.open
                ),
                range(first_seed, first_seed + seeds),
                jobs or os.cpu_count() or 1,
                partial(_tell_run, console),
            )
        if not found:
            raise InputError(f"No role of {reference} could be trained; grade it first, and see what its report says.")
        proposed = {kind: {role: threshold(runs, kind, false_fail) for role, runs in roles.items()} for kind, roles in found.items()}
        before = {str(kind): roles for kind, roles in kept.profile[profile].thresholds.items()}
        console.print(_shown(proposed, before))
        everything = {f"{kind} {role}": each for kind, roles in proposed.items() for role, each in roles.items()}
        whole = whole_false_fail(everything)
        console.print(f"The reference misses any of them with a probability of at most {whole:.1e} a submission.", highlight=False)
        if plot is not None:
            from grader.calibration.picture import draw

            plot.write_bytes(draw(found, proposed, plot.suffix.removeprefix(".")))
        if check:
            _tell_check(
                console,
                {
                    f"{kind} {role}": disagreement(before[kind][role], runs)
                    for kind, roles in found.items()
                    for role, runs in roles.items()
                    if role in before.get(kind, {})
                },
            )
        elif not dry_run:
            from grader.calibration.writing import write_thresholds

            write_thresholds(rubric, profile, proposed, _calibration(device, false_fail, whole))
            console.print(f"Written to {rubric}.", highlight=False)


def _tell_run(console: Console, seed: int, report: Report) -> None:
    """A run that has ended. Raises InputError where it says nothing."""
    from grader.calibration.measure import broken

    if why := broken(report):
        raise InputError(f"The reference cannot be measured under seed {seed}: {why}")
    console.print(f"seed {seed}: {len(report.roles)} roles, {report.timing['total_seconds']:.0f} s", style="dim", highlight=False)


def _calibration(device: str, false_fail: float, whole: float) -> Calibration:
    """Under what this was measured."""
    import torch

    from grader.device import computes_bfloat16
    from grader.session import choose_device

    chosen = choose_device(device)
    return Calibration(
        date=datetime.now(UTC).date().isoformat(),
        grader=grader.__version__,
        torch=torch.__version__,
        device=f"{chosen}, {torch.backends.cpu.get_cpu_capability()}" if chosen == "cpu" else chosen,
        precision="bfloat16" if computes_bfloat16(chosen) else "float32",
        false_fail=false_fail,
        whole=float(f"{whole:.1e}"),
    )


def _shown(proposed: Mapping[str, Mapping[str, Threshold]], kept: Mapping[str, Mapping[str, Threshold]]) -> Table:
    table = Table("images", "role", "mean", "std", "lowest", "threshold", "before", "missed by the reference", "follows from")
    for kind, roles in proposed.items():
        for role, each in roles.items():
            before = kept.get(kind, {}).get(role)
            numbers = [f"{number:.3f}" for number in (each.mean, each.std, each.lowest)]
            was = f"{before.value:.2f}" if before else "none"
            table.add_row(kind, role, *numbers, f"{each.value:.2f}", was, f"{each.false_fail:.0e}", each.rule)
    return table


def _tell_check(console: Console, contradictions: Mapping[str, str]) -> None:
    """What no longer agrees, and exit code 1; or that all does."""
    wrong = {name: why for name, why in contradictions.items() if why}
    for name, why in wrong.items():
        console.print(clean(f"{name}: {why}"), markup=False, highlight=False)
    if wrong:
        console.print(
            f"{len(wrong)} of {len(contradictions)} thresholds no longer agree: calibrate again, and commit the rubric.", highlight=False
        )
        raise typer.Exit(DISAGREES)
    console.print(f"All {len(contradictions)} thresholds agree with these runs.", highlight=False)
