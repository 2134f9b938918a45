"""One pass over an open file that validates its rows; shared by preview and import, so that they cannot disagree.

Runs in the process that reads files (:mod:`core.services.datasets.reader_process`).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TypeGuard, TypeVar

from core.domain.form import Form
from core.errors import InputError
from core.services.datasets.form_notes import FormNotes, listed_rows
from core.services.datasets.import_types import (
    BY_POSITION,
    ChatRow,
    FileFormat,
    FileKind,
    ImportProgress,
    OnProgress,
    RawRow,
    RejectedRow,
    SubmissionRow,
    TableColumns,
)
from core.services.datasets.json_values import is_whole
from core.services.datasets.reading_limits import MAX_ROWS
from core.services.datasets.reading_report import ReadingReport, listed
from core.services.datasets.row_mending import mend
from core.services.datasets.row_readers import read_rows
from core.services.datasets.row_validation import NOT_WHOLE, ROW_KEYS, chat_row, detect_file_kind, submission_row
from core.services.datasets.source_file import SourceFile

AcceptedRow = TypeVar("AcceptedRow", ChatRow, SubmissionRow)
_PEEK = 50
_EVERY = 100


@dataclass
class RowValidationPass:
    """Reads a file and validates its rows, in the reader process. Iterate :meth:`chats` or :meth:`submissions` once.

    Attributes:
        kind: what the first rows look like.
        rows: rows seen so far, rejected ones included.
        rejected: rows that do not go in, in order.
        report: what reading found out besides the rows.
        renumbered: rows of a JSON file whose own ``index`` differs from their position.
    """

    source: SourceFile
    form: Form
    columns: TableColumns
    on_progress: OnProgress | None = None
    share: float = 1.0
    kind: FileKind = field(init=False)
    rows: int = field(init=False, default=0)
    rejected: list[RejectedRow] = field(init=False, default_factory=list)
    renumbered: int = field(init=False, default=0)
    _keeps_index: bool = field(init=False, default=False)
    _has_zero: bool = field(init=False, default=False)
    _noted: dict[str, list[int]] = field(init=False, default_factory=dict)
    report: ReadingReport = field(init=False, default_factory=ReadingReport)
    _unread_keys: Counter[str] = field(init=False, default_factory=Counter)
    _form_notes: FormNotes = field(init=False, default_factory=FormNotes)

    def __post_init__(self) -> None:
        stream = read_rows(self.source, self.form, self.columns, self.report)
        head: list[RawRow] = []
        for raw in islice(stream, _PEEK):
            head.append(raw)
            if isinstance(raw.value, dict) and "chat_text" in raw.value:
                break
        self.kind = detect_file_kind(head)
        self._keeps_index = self._numbers_itself(head)
        self.report.numbered = self._keeps_index or any(map(self._has_own_index, head))
        self._stream: Iterator[RawRow] = chain(head, stream)

    @property
    def notes(self) -> tuple[str, ...]:
        """Chinese sentences about the pass that a person should know."""
        notes = list(self.report.notes)
        if self.renumbered:
            notes.append(f"有 {self.renumbered:,} 条自带的 index 与它在文件中的位置不同；群聊按位置编号（从 1 开始）")
        coded = sum(row.reason.startswith(NOT_WHOLE) for row in self.rejected) if self._is_table else 0
        if coded:
            notes.append(
                f"有 {coded:,} 行的编号不是整数，不能导入；要都导入，就按位置编号："
                "「列的对应」里编号列选「没有，按行编号」（命令行：--index-column -）"
            )
        noted = (f"{clause}：{listed_rows(indices)}" for clause, indices in self._noted.items())
        unread = [f"{key[:20]}（{count:,} 条）" for key, count in self._unread_keys.most_common() if count]
        unused = [f"没有用到的字段，内容不导入：{listed(unread, characters=40)}"] if unread else []
        return (*notes, *unused, *noted, *self._form_notes.sentences())

    def chats(self) -> Iterator[ChatRow]:
        """The good chats, in the order of the file.

        Raises:
            InputError: the file breaks, or holds no rows at all.
        """
        seen: set[int] = set()
        for raw in self._counted():
            raw = self._mended(raw)
            row = chat_row(raw, self.form, own_index=self._has_own_index(raw))
            if (
                not self._uses_own_index
                and isinstance(raw.value, dict)
                and raw.value.get("index", raw.position) != raw.position
            ):
                self.renumbered += 1
            if raw.file and isinstance(row, RejectedRow):
                row = RejectedRow(row.index, f"{raw.file}：{row.reason}", row.line)
            if self._is_accepted(row, seen, "index 与前面的行重复"):
                self._form_notes.add(row.index, row.notes)
                yield row
        self._refuse_zero_based(seen)

    def submissions(self) -> Iterator[SubmissionRow]:
        """The good rows of a submission, or of a file of labelled chats.

        Raises:
            InputError: the file breaks, or holds no rows at all.
        """
        seen: set[int] = set()
        for raw in self._counted():
            row = submission_row(self._mended(raw), self.form, kind=self.kind, own_index=self._has_own_index(raw))
            if self._is_accepted(row, seen, "index 与前面的条目重复，只用第一条"):
                self._form_notes.add(row.index, row.notes)
                yield row
        self._refuse_zero_based(seen)

    def _refuse_zero_based(self, seen: set[int]) -> None:
        """Refuse a file whose rows are numbered 0 to n - 1, in whatever order: all would land one chat off."""
        if (
            self._has_zero
            and self._uses_own_index
            and len(seen) == self.rows - 1
            and max(seen, default=0) == self.rows - 1
        ):
            raise self._counts_from_zero()

    @property
    def _uses_own_index(self) -> bool:
        """Whether the rows' own ``index`` counts and not their position."""
        return self.kind is FileKind.SUBMISSION or self._is_table or self._keeps_index

    def _numbers_itself(self, head: list[RawRow]) -> bool:
        """Whether a JSON file's chats carry their ``index``, as tables do in a column: the first one tells."""
        first = next((raw.value for raw in head if isinstance(raw.value, dict) and "chat_text" in raw.value), {})
        is_json = self.report.joined is None and self.source.format in (FileFormat.JSON, FileFormat.JSONL)
        return is_json and self.columns.index != BY_POSITION and is_whole(first.get("index"))

    def _has_own_index(self, raw: RawRow) -> bool:
        """Whether a row's own index counts: that in a table's column, and that in a JSON file whose chats have one."""
        return self._keeps_index or self._is_table and isinstance(raw.value, dict) and "index" in raw.value

    @property
    def _is_table(self) -> bool:
        return self.report.joined is None and self.source.format in (FileFormat.CSV, FileFormat.EXCEL)

    def _counts_from_zero(self) -> InputError:
        return InputError(
            f"文件 {self.source.name} 的 index 像是从 0 数起的；这里从 1 数起，照收会让每条都错开一位",
            "请把每个 index 加 1 后重试",
        )

    def _mended(self, raw: RawRow) -> RawRow:
        """A row whose text can be stored; what was decided about it is noted."""
        if isinstance(raw.value, dict) and is_whole(raw.value.get("index")) and int(raw.value["index"]) == 0:
            self._has_zero = True
            if raw.position == 1 and self._uses_own_index:
                raise self._counts_from_zero()
        if isinstance(raw.value, dict) and not self._is_table:
            for key in raw.value.keys() - ROW_KEYS:
                self._unread_keys[key] += raw.value[key] not in (None, "", [], {})
        row, clauses = mend(raw)
        for clause in clauses:
            self._noted.setdefault(clause, []).append(raw.position)
        return row

    def _is_accepted(self, row: AcceptedRow | RejectedRow, seen: set[int], repeated: str) -> TypeGuard[AcceptedRow]:
        """Whether a row is good and the first with its index; the others are entered as rejected."""
        if not isinstance(row, RejectedRow) and row.index in seen:
            row = RejectedRow(row.index, repeated, row.line)
        if isinstance(row, RejectedRow):
            self.rejected.append(row)
            return False
        seen.add(row.index)
        return True

    def _counted(self) -> Iterator[RawRow]:
        for raw in self._stream:
            self.rows += 1
            if self.rows > MAX_ROWS:
                raise InputError(
                    f"文件 {self.source.name} 超过 {MAX_ROWS:,} 条的上限", "请拆成几个文件，分别导入同一个数据集"
                )
            if self.on_progress and self.rows % _EVERY == 0:
                self.on_progress(ImportProgress(self.rows, self.share * self._position()))
            yield raw
        if not self.rows:
            raise InputError(f"文件 {self.source.name} 里没有数据", "请选择有内容的文件")

    def _position(self) -> float:
        return min(1.0, self.source.file.tell() / self.source.size)
