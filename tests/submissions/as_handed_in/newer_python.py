"""Written for Python 3.12: its f-strings have the same quotes inside."""

from torch import nn

ROWS = [{"name": "Net", "accuracy": 0.5}]


class Net(nn.Linear):
    def __init__(self):
        super().__init__(2, 2)

    def describe(self):
        return f"{ROWS[0]["name"]}: {self.weight.shape!r:>20}"


def report(rows):
    print(f"{", ".join(f"{row:>{2}}" for row in rows)}", f"{rows[0]["name"]}")
