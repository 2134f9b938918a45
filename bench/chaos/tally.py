"""What went wrong, counted: each of these has to stay 0."""

from dataclasses import dataclass, field

FAULTS = ("lost", "doubled", "overwritten", "paid_twice", "crashed", "not_done")
_FEWEST_SAVES = 100


@dataclass
class Tally:
    """Faults of one part, and figures that are no faults.

    Attributes:
        lost: saves or extractions that somebody was told are stored, or typed, and that are not there as they were.
        doubled: saves or extractions that are stored twice.
        overwritten: saves over a version that the reviewer had not seen, or under another's name.
        paid_twice: calls for a chat whose answer had come already.
        crashed: exception boxes, unforeseen errors, servers that died by themselves, tracebacks.
        not_done: parts, or pieces of them, that could not be done here.
        details: one line per fault.
        figures: what else was measured.
        memory: readings of the server, ``(MB, saves stored until then)``.
        seconds: that the part took.
    """

    lost: int = 0
    doubled: int = 0
    overwritten: int = 0
    paid_twice: int = 0
    crashed: int = 0
    not_done: int = 0
    details: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    memory: list[tuple[float, int]] = field(default_factory=list)
    seconds: float = 0.0

    def count(self, kind: str, what: str, number: int = 1) -> None:
        """Count a fault of this kind (``lost``, ``doubled`` and so on)."""
        setattr(self, kind, getattr(self, kind) + number)
        self.details.append(f"{kind.replace('_', ' ')}: {what}")

    def faults(self) -> dict[str, int]:
        """Every number that has to be 0."""
        return {kind: getattr(self, kind) for kind in FAULTS}

    @property
    def growth(self) -> float | None:
        """MB by which the server grew per 1,000 saves; ``None`` where there were too few to say."""
        if len(self.memory) < 2:
            return None
        (before, earlier), (after, later) = self.memory[0], self.memory[-1]
        saves = later - earlier
        return 1000 * (after - before) / saves if saves >= _FEWEST_SAVES else None


def table(tallies: dict[str, Tally]) -> str:
    """The parts, one a line, and their sum."""
    heads = [*(kind.replace("_", " ") for kind in FAULTS), "MB before", "after", "per 1,000", "seconds"]
    rows = [[name, *_cells(tally)] for name, tally in tallies.items()]
    total = [sum(tally.faults()[kind] for tally in tallies.values()) for kind in FAULTS]
    seconds = sum(tally.seconds for tally in tallies.values())
    rows.append(["in all", *map(str, total), "", "", "", f"{seconds:,.0f}"])
    grid = [["part", *heads], *rows]
    widths = [max(len(row[column]) for row in grid) for column in range(len(grid[0]))]
    lines = ["  ".join(_pad(row[column], width, column) for column, width in enumerate(widths)) for row in grid]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:-1], "-" * len(lines[0]), lines[-1]])


def _cells(tally: Tally) -> list[str]:
    memory = ["–", "–"]
    if len(tally.memory) > 1:
        memory = [f"{tally.memory[at][0]:,.0f}" for at in (0, -1)]
    growth = "–" if tally.growth is None else f"{tally.growth:+,.1f}"
    return [*(f"{number:,}" for number in tally.faults().values()), *memory, growth, f"{tally.seconds:,.0f}"]


def _pad(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)
