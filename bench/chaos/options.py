"""How much chaos: numbers and the seed that all material comes from."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line.

    Attributes:
        seed: the same seed gives the same files, replies, messages, saves and moments of faults.
        minutes: for which the sessions work.
        kills: of the server.
        sessions: at once.
        files: malformed ones.
        replies: malformed ones.
        messages: malformed ones.
    """

    seed: int = 20261128
    minutes: float = 10.0
    kills: int = 20
    sessions: int = 30
    files: int = 500
    replies: int = 500
    messages: int = 200

    def random(self, part: str) -> random.Random:
        """A source of chance for one part or one reviewer, independent of all others."""
        return random.Random(f"{self.seed}:{part}")
