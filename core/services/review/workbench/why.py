"""Why a value: what speaks for and against it in words, who said it, and the most alike approved chats.

Computed when somebody asks about one cell. Nothing of a chat that the reader is reviewing blind is shown, and a blind
review is told nothing at all.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from math import log, sqrt
from typing import Final

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.llm.local.rules import By, load_rules
from core.adapters.store import queries
from core.adapters.store.models import Chat, Extraction, Record
from core.domain.chat import Role
from core.domain.evidence import EvidenceStatus, cached_analysis
from core.domain.form import Field, Form, FormValues, cell_text, items_of
from core.domain.scoring import Scorer
from core.services.learning.cell_signs import CellSigns, read_signs
from core.services.learning.run_confidence import other_runs
from core.services.quality.passed_cells import passed_cells
from core.services.quality.stored_votes import Votes, read_votes
from core.services.review.workbench.contract import ChatPayload
from core.services.review.workbench.why_contract import AlikeChat, WhyPayload
from core.services.team import remember_seen_in

MOST_CUES: Final = 6
MOST_ALIKE: Final = 3
_COMPARED: Final = 300
"""Newest approved chats that are looked at for alike ones."""
_QUOTED: Final = 16
"""Characters of a message that are quoted."""
_HISTORY_FROM: Final = 5
"""Approved cells from which a run's history with a field is told."""


def explain(
    session: Session, form: Form, chat: ChatPayload, customer: int, key: str, hidden: Collection[int]
) -> WhyPayload | None:
    """Why a chat's value is what it is, as far as the store can tell; ``None`` where there is no such cell.

    Args:
        session: open session.
        form: the dataset's form.
        chat: the chat's payload; the values are those on record, or the run's.
        customer: position of the form.
        key: of the field.
        hidden: indices of chats that the reader must not see approved values of.
    """
    if key not in form or not 0 <= customer < len(chat["customers"]):
        return None
    row = session.get(Chat, chat["chat_id"])
    if row is None:
        return None
    field, forms = form.field(key), [one["values"] for one in chat["customers"]]
    others, votes = _what_others_say(session, row, chat)
    signs = read_signs(Scorer(form), row.text, forms, others, votes)
    cell = next(cell for cell in signs.cells[customer] if cell.field.key == key)
    approved = _approved(session, row.dataset_id, chat, hidden)
    cues = [
        *_evidence_cues(row.text, cell),
        *_rule_cues(form, field, row.text, signs.forms[customer]),
        *(remark.text for remark in cell.remarks),
        *_vote_cues(cell),
        *_history_cues(session, form, field, chat, forms[customer], [chat_id for _, chat_id, _, _ in approved]),
    ]
    alike = _alike(row.text, key, approved)
    remember_seen_in(session, row.dataset_id, [one["chat"] for one in alike])
    return {
        "chat": chat["chat"],
        "customer": customer,
        "key": key,
        "cues": list(dict.fromkeys(cues))[:MOST_CUES],
        "alike": alike,
    }


def _what_others_say(
    session: Session, row: Chat, chat: ChatPayload
) -> tuple[dict[str, Sequence[FormValues]], Votes | None]:
    run_id = chat["base_run_id"]
    if run_id is None:
        return {}, None
    names = other_runs(session, row.dataset_id, run_id)
    statement = select(col(Extraction.run_id), col(Extraction.forms)).where(
        col(Extraction.run_id).in_(list(names)), col(Extraction.chat_id) == row.id
    )
    others = {names[other]: forms for other, forms in session.execute(statement) if forms is not None}
    [source, *_] = [*(customer["origin"] for customer in chat["customers"]), None]
    return others, read_votes(session, [run_id], [row.id or 0]).get(
        (run_id, row.id or 0)
    ) if source is not None else None


def _evidence_cues(text: str, cell: CellSigns) -> list[str]:
    """Who said the value, and where."""
    if not cell.filled:
        return []
    if cell.missing:
        return []  # a check says it
    analysis = cached_analysis(text)
    cues = []
    for number in cell.evidence.messages[:2]:
        message = analysis.parsed.messages[number]
        side = analysis.roles[message.speaker].role if message.speaker in analysis.roles else Role.UNKNOWN
        words = message.span.of(text).strip().removeprefix(message.speaker).lstrip("：: ").replace("\n", " ")
        quote = words if len(words) <= _QUOTED else f"{words[:_QUOTED]}…"
        cues.append(f"第 {number + 1} 条，{side} {message.speaker} 说：「{quote}」")
    if not cues and cell.evidence.status is EvidenceStatus.INFERRED:
        cues.append("群聊里没有原话，是从对话推断的")
    return cues


def _rule_cues(form: Form, field: Field, text: str, values: FormValues) -> list[str]:
    """Words in the chat that usually mean one of the field's values, those of the present value first."""
    analysis = cached_analysis(text)
    present = set(items_of(values[field.key]))
    cues: list[tuple[bool, str]] = []
    for rule in load_rules(form.reference).choices.get(field.key, ()):
        for number, message in enumerate(analysis.parsed.messages):
            side = analysis.roles[message.speaker].role if message.speaker in analysis.roles else Role.UNKNOWN
            if (rule.by is By.CUSTOMER and side is Role.STAFF) or (rule.by is By.STAFF and side is not Role.STAFF):
                continue
            words = message.span.of(text)
            match = rule.words.search(words)
            if match and match.group() and not (rule.unless and rule.unless.search(words)):
                is_present = rule.value in present
                cues.append(
                    (not is_present, f"第 {number + 1} 条有「{match.group()[:_QUOTED]}」，多半是「{rule.value}」")
                )
                break
    return [cue for _, cue in sorted(cues, key=lambda cue: cue[0])[:3]]


def _vote_cues(cell: CellSigns) -> list[str]:
    cues = []
    if cell.agreement < 1.0:
        cues.append(f"同一抽取任务投票时，{1 - cell.agreement:.0%} 的回答给了别的值")
    if cell.otherwise:
        cues.append(f"「{'」「'.join(cell.otherwise)}」的说法不同")
    elif cell.others:
        cues.append(f"另外 {cell.others:,} 个抽取任务说法相同")
    return cues


_Approved = tuple[int, int, str, list[FormValues]]
"""Index, id, text and approved forms of a chat."""


def _approved(session: Session, dataset_id: int, chat: ChatPayload, hidden: Collection[int]) -> list[_Approved]:
    statement = (
        select(col(Chat.index), col(Chat.id), col(Chat.text), col(Record.customers))
        .join(Record, col(Record.chat_id) == col(Chat.id))
        .where(
            col(Chat.dataset_id) == dataset_id,
            col(Chat.index) != chat["chat"],
            queries.is_final(),
            ~queries.is_passed(),
        )
        .order_by(col(Record.updated_at).desc(), col(Record.id).desc())
        .limit(_COMPARED)
    )
    return [
        (index, int(chat_id or 0), text, [customer["values"] for customer in customers])
        for index, chat_id, text, customers in session.execute(statement)
        if index not in hidden
    ]


def _history_cues(
    session: Session, form: Form, field: Field, chat: ChatPayload, values: FormValues, chat_ids: Sequence[int]
) -> list[str]:
    """How often people kept what this run answer of the field, where it was filled or empty as here."""
    if chat["base_run_id"] is None:
        return []
    scorer, filled = Scorer(form), bool(values[field.key])
    right = seen = 0
    for ids in queries.chunked(chat_ids):
        statement = (
            select(col(Record.customers), col(Extraction.forms), col(Record.id), col(Record.version))
            .join(Extraction, col(Extraction.chat_id) == col(Record.chat_id))
            .where(
                col(Record.chat_id).in_(ids),
                col(Extraction.run_id) == chat["base_run_id"],
                # Of records that were started from another run nobody has seen what this one says.
                col(Record.base_run_id) == chat["base_run_id"],
                queries.is_final(),
            )
        )
        rows = session.execute(statement).all()
        passed = passed_cells(session, {row.id: row.version for row in rows})
        for customers, forms, record_id, _ in rows:
            for position, customer in enumerate(customers):
                if record_id in passed and field.key in passed[record_id].keys[position]:
                    continue
                source = customer.get("source")
                answer = forms[source] if isinstance(source, int) and 0 <= source < len(forms or ()) else None
                if answer is not None and bool(answer.get(field.key)) == filled:
                    seen += 1
                    right += scorer.prepare({field.key: answer.get(field.key) or field.empty}) == scorer.prepare(
                        {field.key: customer["values"].get(field.key) or field.empty}
                    )
    state = "填了" if filled else "空着"
    return (
        [f"这个抽取任务{state}的「{field.label}」，确认过 {seen} 次，{right} 次没有改"] if seen >= _HISTORY_FROM else []
    )


@lru_cache(maxsize=512)
def _pairs_of_characters(text: str) -> Counter[str]:
    words = "".join(cached_analysis(text).parsed.conversation.split())
    return Counter(words[at : at + 2] for at in range(len(words) - 1))


def _alike(text: str, key: str, approved: Sequence[_Approved]) -> list[AlikeChat]:
    """The approved chats whose pairs of characters are most like this one's, rare ones counting more."""
    mine = _pairs_of_characters(text)
    theirs = [_pairs_of_characters(other) for _, _, other, _ in approved]
    frequency = Counter(pair for counts in (mine, *theirs) for pair in counts)
    rarity = {pair: log((2 + len(theirs)) / count) for pair, count in frequency.items()}

    def weights(counts: Counter[str]) -> dict[str, float]:
        return {pair: (1 + log(count)) * rarity[pair] for pair, count in counts.items()}

    own = weights(mine)
    length = sqrt(sum(weight * weight for weight in own.values()))
    alike: list[tuple[float, AlikeChat]] = []
    for (index, _, _, forms), counts in zip(approved, theirs, strict=True):
        other = weights(counts)
        norm = length * sqrt(sum(weight * weight for weight in other.values()))
        share = sum(weight * other.get(pair, 0.0) for pair, weight in own.items()) / norm if norm else 0.0
        value = " / ".join(dict.fromkeys(cell_text(values.get(key) or "") or "（空）" for values in forms))
        alike.append((-share, {"chat": index, "percent": round(100 * share), "value": value}))
    return [one for _, one in sorted(alike, key=lambda pair: (pair[0], pair[1]["chat"]))[:MOST_ALIKE]]
