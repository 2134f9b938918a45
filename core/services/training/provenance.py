"""Fetches the sources of a stored row again: its chat, and the versions of the answer and summary that were used.

Records keep their whole state with every save, so the version that a set was built of is there even after the record
has moved on.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.models import (
    Chat,
    Dataset,
    Extraction,
    ExtractionStatus,
    Pass,
    Record,
    RecordEvent,
    RecordStatus,
    Run,
)
from core.adapters.store.views import ChatView
from core.domain.chat import strip_residue
from core.domain.form import Form, FormValues
from core.errors import ShiyaoError
from core.services.export.answer_sources import AnswerSource
from core.services.export.atomic_file import fingerprint
from core.services.forms.earlier_forms import columns_before
from core.services.team import hidden_sentence, withheld
from core.services.training.answer_selection import SelectedAnswer
from core.services.training.chat_summaries import summary_versions
from core.services.training.rejected_answers import REJECTED_KEYS

_SOURCE_KEYS = (
    "dataset",
    "index",
    "chat_sha256",
    "origin",
    "record",
    "version",
    "reviewer",
    "run",
    "run_id",
    *REJECTED_KEYS,
)


class SourceGoneError(Exception):
    """A row's source is not there any more, or not as it was; the message says what, in Chinese."""


class SourceLookup:
    """Fetches the chat and the answer of a stored row, by its provenance."""

    def __init__(self, session: Session, form: Form) -> None:
        self._session = session
        self._form = form
        self._last: tuple[dict[str, Any], SelectedAnswer] | None = None

    def answer(self, provenance: Mapping[str, Any]) -> SelectedAnswer:
        """The chat with the answer that the row was made of.

        Raises:
            SourceGoneError: it cannot be had any more.
        """
        # A chat's rows stand one after the other, and are as many as the fields that are asked for alone.
        source = {key: provenance[key] for key in (*_SOURCE_KEYS, "summary_version") if key in provenance}
        if self._last is None or self._last[0] != source:
            self._last = source, self._answer(provenance)
        return self._last[1]

    def _answer(self, provenance: Mapping[str, Any]) -> SelectedAnswer:
        chat = self._chat(provenance)
        record = provenance["origin"] == "record"
        if chat.id in withheld(self._session).chats and (record or provenance.get("summary_version")):
            raise SourceGoneError(hidden_sentence(chat.index))
        customers = self._customers(provenance, chat.id) if record else []
        raw = [customer["values"] for customer in customers] if record else self._labels(provenance, chat.id)
        summary = None
        if version := provenance.get("summary_version"):
            summary = next((view for view in summary_versions(self._session, chat.id) if view.version == version), None)
            if summary is None:
                raise SourceGoneError(f"第 {version} 版摘要已不在")
        return SelectedAnswer(
            dataset=provenance["dataset"],
            chat=chat,
            conversation=strip_residue(chat.text),
            forms=[self._form.coerce(values).values for values in raw],
            customers=customers,
            rejected=self._rejected(provenance, chat.id),
            provenance={key: provenance[key] for key in _SOURCE_KEYS if key in provenance},
            summary=summary,
        )

    def changes(self, provenance: Mapping[str, Any], source: AnswerSource) -> list[str]:
        """What a set built now would take instead of the row's sources, Chinese clauses; empty where nothing differs.

        Args:
            provenance: of a row whose sources are still there.
            source: where the set's answers come from.
        """
        chat_id = self._chat(provenance).id
        clauses: list[str] = []
        final = None
        if source.records:
            final = self._session.execute(
                select(Record).where(col(Record.chat_id) == chat_id, queries.is_final(), ~queries.is_passed())
            ).scalar_one_or_none()
        if provenance["origin"] == "record":
            version, status = self._session.execute(
                select(col(Record.version), col(Record.status)).where(col(Record.id) == provenance["record"])
            ).one()
            if version != provenance["version"]:
                clauses.append(f"记录已从第 {provenance['version']} 版改到第 {version} 版")
            if status != RecordStatus.CONFIRMED:
                clauses.append(f"记录现在是「{status}」")
        if final is not None and final.id != provenance.get("record"):
            kind = "仲裁" if final.review_pass == Pass.ADJUDICATED else "审阅"
            clauses.append(f"现在以 {final.reviewer} 的{kind}记录第 {final.version} 版为准")
        if used := provenance.get("summary_version"):
            newest = summary_versions(self._session, chat_id)[0].version
            if newest != used:
                clauses.append(f"摘要已从第 {used} 版改到第 {newest} 版")
        return clauses

    def _chat(self, provenance: Mapping[str, Any]) -> ChatView:
        statement = (
            select(*ChatView.columns(Chat))
            .join(Dataset, col(Dataset.id) == col(Chat.dataset_id))
            .where(col(Dataset.name) == provenance["dataset"], col(Chat.index) == provenance["index"])
        )
        row = self._session.execute(statement).mappings().one_or_none()
        if row is None:
            raise SourceGoneError("群聊已被删除")
        chat = ChatView.from_columns(row)
        if chat.sha256 != provenance["chat_sha256"]:
            raise SourceGoneError("群聊的原文与当时不同")
        return chat

    def _rejected(self, provenance: Mapping[str, Any], chat_id: int) -> list[FormValues] | None:
        """The run's answer that was rejected; ``None`` for a row of another kind."""
        if "rejected_run_id" not in provenance:
            return None
        named = f"抽取任务「{provenance['rejected_run']}」"
        stored = self._session.execute(
            select(col(Extraction.forms), col(Extraction.id)).where(
                col(Extraction.run_id) == provenance["rejected_run_id"], col(Extraction.chat_id) == chat_id
            )
        ).one_or_none()
        if stored is None:
            raise SourceGoneError(f"{named}里已没有这条群聊，被否的回答取不到了")
        before = columns_before(self._session, "extraction", [stored[1]], self._form.reference).get(stored[1], {})
        forms = [self._form.coerce(values).values for values in before.get("forms", stored[0]) or []]
        if fingerprint(forms).hex() != provenance["rejected"]:
            raise SourceGoneError(f"{named}又抽取过这条群聊，被否的回答与当时不同")
        return forms

    def _customers(self, provenance: Mapping[str, Any], chat_id: int) -> list[dict[str, Any]]:
        version = provenance["version"]
        current = self._session.execute(
            select(col(Record.version), col(Record.customers)).where(
                col(Record.id) == provenance["record"], col(Record.chat_id) == chat_id
            )
        ).one_or_none()
        if current is None:
            raise SourceGoneError("审阅记录已被删除")
        if current[0] == version:
            return list(current[1])
        event_id, change = self._session.execute(
            select(col(RecordEvent.id), col(RecordEvent.change)).where(
                col(RecordEvent.record_id) == provenance["record"], col(RecordEvent.version) == version
            )
        ).one_or_none() or (0, None)
        before = columns_before(self._session, "recordevent", [event_id], self._form.reference)
        change = before.get(event_id, {}).get("change", change)
        if change is None or "customers" not in change:
            raise SourceGoneError(f"记录现在是第 {current[0]} 版，第 {version} 版不在历史里")
        return list(change["customers"])

    def _labels(self, provenance: Mapping[str, Any], chat_id: int) -> list[FormValues]:
        forms = self._session.execute(
            select(col(Extraction.forms), col(Extraction.id))
            .join(Run, col(Run.id) == col(Extraction.run_id))
            .where(
                col(Run.id) == provenance["run_id"],
                col(Extraction.chat_id) == chat_id,
                col(Extraction.status) != ExtractionStatus.FAILED,
            )
        ).one_or_none()
        if forms is None:
            raise SourceGoneError(f"「{provenance['run']}」里已没有这条群聊")
        before = columns_before(self._session, "extraction", [forms[1]], self._form.reference).get(forms[1], {})
        return list(before.get("forms", forms[0]) or [])


def reason_of(error: Exception) -> str:
    """The message of an error about a row, without its remedy."""
    return error.message if isinstance(error, ShiyaoError) else str(error)
