"""The values that a change of a form has no place for: counted, and told apart from others by a short digest."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

LostValue = tuple[str, str]
"""Key of the old field, and the value."""
_BYTES: Final = 16


@dataclass(slots=True)
class LostValues:
    """All values that a change would lose, in any order.

    Attributes:
        cells: number of cells that lose something.
    """

    cells: int = 0
    _sum: int = 0
    _numbers: dict[LostValue, int] = field(default_factory=dict)

    def add(self, lost: Iterable[LostValue]) -> None:
        """Count what one row would lose."""
        for one in lost:
            self.cells += 1
            self._sum += self._number(one)

    @property
    def digest(self) -> str:
        """The same for the same values as often, whatever their order; ``""`` where there are none."""
        return f"{self._sum % 2 ** (8 * _BYTES):0{2 * _BYTES}x}" if self.cells else ""

    def _number(self, one: LostValue) -> int:
        if one not in self._numbers:
            text = "\0".join(one).encode("utf-8", "surrogatepass")
            self._numbers[one] = int.from_bytes(blake2b(text, digest_size=_BYTES).digest())
        return self._numbers[one]


def most_frequent(lost: Counter[LostValue], most: int) -> list[tuple[LostValue, int]]:
    """The most frequent values with how often each is there; those as frequent by their keys.

    Args:
        lost: ``{(old key, value): how often}``.
        most: how many at most.
    """
    return sorted(lost.items(), key=lambda one: (-one[1], one[0]))[:most]
