"""What a vote or a merge did not take, as it is kept with an extraction's replies."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal, select
from sqlmodel import Session, col

from core.adapters.store.models import Extraction
from core.domain.form import Value

Cell = tuple[int, str]
"""Position of the customer in the run's answer, and key of the field."""


@dataclass(frozen=True, slots=True)
class CellVote:
    """The vote about one cell on which the answers differed.

    Attributes:
        agreement: share of the answers that gave the value taken, 0 to 1.
        lost: values that were not taken, the most frequent first, each with who gave it: how many of a vote's answers,
            or the runs of a merge.
    """

    agreement: float
    lost: tuple[tuple[Value, tuple[str, ...]], ...]


Votes = Mapping[Cell, CellVote]
"""The votes about a chat; a cell that all agreed on has none."""


def read_votes(session: Session, run_ids: Sequence[int], chat_ids: Sequence[int]) -> dict[tuple[int, int], Votes]:
    """Votes by ``(run id, chat id)``, of the latest attempt at each chat; answers without any are left out.

    Only what is said about votes is read: the replies beside it are long.

    Args:
        session: open session.
        run_ids: whose answers.
        chat_ids: of which chats; few enough for one statement.
    """
    lost, sources = (_of_last_reply(session, *path) for path in (("about", "alternatives"), ("sources",)))
    statement = select(col(Extraction.run_id), col(Extraction.chat_id), lost, sources).where(
        col(Extraction.run_id).in_(run_ids), col(Extraction.chat_id).in_(chat_ids), lost.is_not(None)
    )
    return {
        (run_id, chat_id): votes_of(json.loads(entries), json.loads(kept) if kept else [])
        for run_id, chat_id, entries, kept in session.execute(statement)
    }


def _of_last_reply(session: Session, *path: str) -> ColumnElement[str | None]:
    """Text of the JSON at a path in the last of an extraction's replies."""
    replies = col(Extraction.replies)
    if session.get_bind().dialect.name == "sqlite":
        return func.json_extract(replies, literal(".".join(("$[#-1]", *path))))
    return cast(func.json_extract_path(replies.op("->")(-1), *path), Text)


def votes_of(entries: Sequence[Mapping[str, Any]], sources: Sequence[Mapping[str, Any]] = ()) -> Votes:
    """Votes out of what an extraction keeps of values that were not taken.

    Of a long chat that was read in parts the first part's vote about a cell counts.

    Args:
        entries: ``alternatives`` of an extraction.
        sources: of a merge, which run gave what of each customer.
    """
    votes: dict[Cell, CellVote] = {}
    for entry in entries:
        customer, key = entry.get("customer"), entry.get("field")
        if not isinstance(customer, int) or not isinstance(key, str) or (customer, key) in votes:
            continue
        if entry.get("from") == "vote":
            votes[customer, key] = _of_samples(entry)
        elif entry.get("from") == "merge":
            takers = sources[customer].get("fields", {}).get(key, ()) if customer < len(sources) else ()
            votes[customer, key] = _of_runs(entry, len(takers))
    return votes


def _of_samples(entry: Mapping[str, Any]) -> CellVote:
    values = list(entry.get("others", ()))
    counts, answers = list(entry.get("votes", ())), entry.get("answers")
    known = len(counts) == len(values) and isinstance(answers, int)
    who = [f"投票 {count}/{answers}" for count in counts] if known else ["投票"] * len(values)
    lost = tuple((value, (name,)) for value, name in zip(values, who, strict=True))
    return CellVote(float(entry.get("agreement", 0.5)), lost)


def _of_runs(entry: Mapping[str, Any], takers: int) -> CellVote:
    others = [one for one in entry.get("others", ()) if isinstance(one, Mapping)]
    lost = tuple((one.get("value", ""), tuple(map(str, one.get("runs", ())))) for one in others)
    losers = sum(len(runs) for _, runs in lost)
    return CellVote(takers / (takers + losers) if takers + losers else 0.5, lost)
