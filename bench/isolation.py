"""What isolation costs: grading the reference in the quick profile with ``--isolation full`` and ``none``, in turn.

    python bench/isolation.py [--repeats 3]

Prints the seconds of both and the ratio of the best of each.
"""

from __future__ import annotations

import argparse

from quick_profile import grade


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    seconds: dict[str, list[float]] = {"none": [], "full": []}
    for turn in range(repeats):
        for level in ("none", "full") if turn % 2 == 0 else ("full", "none"):
            seconds[level].append(grade("--isolation", level).seconds)
    for level, each in seconds.items():
        print(f"--isolation {level}: {min(each):.1f} s (all: {', '.join(f'{one:.1f}' for one in each)})")
    print(f"ratio of the best: {min(seconds['full']) / min(seconds['none']):.3f}")


if __name__ == "__main__":
    main()
