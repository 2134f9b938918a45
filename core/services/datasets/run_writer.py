"""Storing the forms of a file as a run: labels, or what another model answered."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from sqlalchemy import bindparam, insert, literal_column, null, select
from sqlmodel import Session, col

from core.adapters.store.models import Base, Extraction, ExtractionStatus, Run, RunKind, RunStatus, now
from core.adapters.store.named_rows import run_named
from core.adapters.store.stored_json import JsonText, dump_json
from core.errors import ConflictError
from core.services.datasets.import_types import RejectedRow
from core.services.datasets.parent_file_reader import ParentFileReader

_ADJUSTED_SHOWN = 3
# What is the same for every row stands in the statement. Rows are ready and many: nothing of the session is needed.
_INSERT_ANSWERS = insert(Base.metadata.tables["extraction"]).values(
    status=bindparam("status_word"),
    forms=bindparam("forms_text", type_=JsonText()),
    notes=bindparam("notes_text", type_=JsonText()),
    replies=literal_column("'[]'"),
    made_on=null(),
    **dict.fromkeys(("cause", "error"), literal_column("''")),
    **dict.fromkeys(
        ("attempts", "tokens_in", "tokens_out", "tokens_cached", "batch_in", "batch_out", "seconds"),
        literal_column("0"),
    ),
)


@dataclass(frozen=True, slots=True)
class ChatForms:
    """The forms of one chat, as the database holds them, in JSON; ``line`` in the file for the report of a refusal."""

    index: int
    chat_id: int
    forms_text: str
    notes: tuple[str, ...] = ()
    line: int | None = None


class RunWriter:
    """Writes forms into a run of a dataset; the run is created with the first ones.

    What a run says about a chat is never edited: the same forms again are skipped, other ones are refused.

    Attributes:
        added: chats whose forms were written.
        skipped: chats that had the same forms already.
        run_id: the run; ``None`` until there is one.
        name: its name.
        answered: ids of the chats whose forms were written.
    """

    def __init__(
        self,
        session: Session,
        dataset_id: int,
        *,
        name: str,
        kind: RunKind,
        file: ParentFileReader,
        dry_run: bool = False,
    ) -> None:
        self._dry_run = dry_run
        self.answered: set[int] = set()
        self.added = 0
        self.skipped = 0
        self.run_id: int | None = None
        self.name = name
        self._adjusted: list[str] = []
        self._adjusted_rows = 0
        self._session = session
        self._dataset_id = dataset_id
        self._kind = kind
        self._is_new = False
        self._stored_run: Run | None = None  # held: the session forgets what nobody holds, and would read it again
        self._file = file

    def write(self, rows: Sequence[ChatForms]) -> list[RejectedRow]:
        """Store the forms of some chats, each chat once per run; a dry run only tells which would be stored.

        Returns:
            The chats for which the run has other forms already.

        Raises:
            ConflictError: the name belongs to a run of another kind.
        """
        if not rows:
            return []
        run = self._run()
        present = self._answers(rows)
        fresh: list[ChatForms] = []
        repeated: list[ChatForms] = []
        first: dict[int, str] = {}
        for row in rows:
            if row.chat_id in present or row.chat_id in first:
                repeated.append(row)
                continue
            fresh.append(row)
            if row.chat_id:  # a dry run stores none, and knows no ids
                first[row.chat_id] = row.forms_text
        if fresh and run is not None:
            self._session.execute(_INSERT_ANSWERS, [self._values(row) for row in fresh])
            run.total += len(fresh)
            self._session.flush()
            self.answered.update(first)
        self.added += len(fresh)
        for row in fresh:
            self._adjusted_rows += bool(row.notes)
            if row.notes and len(self._adjusted) < _ADJUSTED_SHOWN:
                self._adjusted.append(f"第 {row.index} 条：{'；'.join(row.notes)}")
        present |= {row.chat_id: json.loads(first[row.chat_id]) for row in repeated if row.chat_id in first}
        other = [row for row in repeated if present[row.chat_id] != json.loads(row.forms_text)]
        self.skipped += len(rows) - len(fresh) - len(other)
        return [RejectedRow(row.index, f"「{self.name}」里这条群聊已有不同的表单，未改动", row.line) for row in other]

    def notes(self) -> tuple[str, ...]:
        """Chinese sentence about forms that were adjusted (unknown keys, wrong types); the first are named."""
        if not self._adjusted_rows:
            return ()
        return (f"{self._adjusted_rows:,} 条的表单按要素表整理后存入，例如 {'。'.join(self._adjusted)}",)

    def _answers(self, rows: Sequence[ChatForms]) -> dict[int, Any]:
        """``{chat id: forms}`` of those chats for which the run has an answer; of a new run, those written here."""
        if self.run_id is None:
            return {}
        chat_ids = {row.chat_id for row in rows}
        if self._is_new:
            chat_ids &= self.answered
        if not chat_ids:
            return {}
        statement = select(col(Extraction.chat_id), col(Extraction.forms)).where(
            col(Extraction.run_id) == self.run_id, col(Extraction.chat_id).in_(chat_ids)
        )
        return {row.chat_id: row.forms for row in self._session.execute(statement)}

    def _run(self) -> Run | None:
        """The run to write into, made where there is none; ``None`` for a dry run, which only looks for it."""
        if self.run_id is not None:
            return self._stored_run
        here = select(Run).where(col(Run.dataset_id) == self._dataset_id)
        if self._kind is RunKind.LABELS:
            # A dataset has one run of labels, whatever it is called.
            run = self._session.execute(here.where(col(Run.kind) == RunKind.LABELS).limit(1)).scalar_one_or_none()
        else:
            run = run_named(self._session, self._dataset_id, self.name)
        if run is not None and run.kind != self._kind:
            raise ConflictError(f"抽取任务「{self.name}」已经存在，不是导入的", "请换一个名称")
        if self._dry_run:
            self.run_id, self.name = (run.id, run.name) if run is not None else (None, self._free_name())
            return None
        if run is None:
            run = Run(
                dataset_id=self._dataset_id,
                name=self._free_name(),
                kind=self._kind,
                status=RunStatus.FINISHED,
                parameters={"file": self._file.name, "sha256": self._file.sha256},
            )
            self._session.add(run)
            self._session.flush()
            self._is_new = True
        self._stored_run, self.run_id, self.name = run, run.id, run.name
        return run

    def _free_name(self) -> str:
        """The name, with a number behind it where another kind of run has taken it."""
        taken = set(
            self._session.execute(select(col(Run.name)).where(col(Run.dataset_id) == self._dataset_id)).scalars()
        )
        numbered = (f"{self.name} {number}" for number in count(2))
        return next(name for name in chain([self.name], numbered) if name not in taken)

    def _values(self, row: ChatForms) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "chat_id": row.chat_id,
            "status_word": ExtractionStatus.REPAIRED if row.notes else ExtractionStatus.OK,
            "forms_text": row.forms_text,
            "notes_text": dump_json(row.notes),
            "created_at": now(),
        }
