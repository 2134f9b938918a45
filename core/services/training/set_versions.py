"""Built training sets: list them, find changed sources, and rebuild one with the same bytes.

Files are not kept. A set of 10,000 chats is gigabytes of which nothing is new: the store has every source, the entry
has every choice and, per row, the version that it was made of. A rebuilt set has the digests of the first one or is
refused, row by row.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.models import TrainingSet
from core.domain.form import Form, load_named_form
from core.domain.permissions import Permission
from core.domain.prompts import parse_prompt
from core.errors import ExportError, FormError, NotFoundError, ShiyaoError
from core.services.export.atomic_file import pending_file
from core.services.export.export_result import ExportResult
from core.services.team import AuditKind, permitted, record_audit, remember_seen_in
from core.services.training.arrange import Arrangement, training_order
from core.services.training.provenance import SourceGoneError, SourceLookup, reason_of
from core.services.training.row_inputs import recreate_input
from core.services.training.rows import APPROVED, RowMaker, SpooledRow, place_of
from core.services.training.set_card import CARD
from core.services.training.set_files import MANIFEST, publish_set, temporary_folder_beside, write_files
from core.services.training.training_options import options_from_json

_MOST_NAMED, _SEEN_EVERY = 50, 200


@dataclass(frozen=True, slots=True)
class TrainingSetView:
    """A training set that was built, without its rows.

    Attributes:
        id: its number; what people call its version.
        name: given by whoever built it.
        format: of its rows.
        who: built it; ``""`` where nobody said.
        parameters: every choice, with the prompt's text.
        counts: as in the manifest, and ``bytes`` of the training part.
        files: file name → sha256.
        sha256: of the training part.
        created_at: aware, UTC.
    """

    id: int
    name: str
    format: str
    who: str
    parameters: dict[str, Any]
    counts: dict[str, Any]
    files: dict[str, str]
    sha256: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SourceChange:
    """A change of a row's source since its set was built.

    Attributes:
        place: of the row.
        what: Chinese clause.
        lost: whether the row cannot be made again; otherwise its version is still in the history.
    """

    place: str
    what: str
    lost: bool


_COLUMNS = (
    col(TrainingSet.id),
    col(TrainingSet.name),
    col(TrainingSet.format),
    col(TrainingSet.who),
    col(TrainingSet.parameters),
    col(TrainingSet.counts),
    col(TrainingSet.files),
    col(TrainingSet.sha256),
    col(TrainingSet.created_at),
)


def training_sets(store: Store) -> list[TrainingSetView]:
    """All built sets, newest first."""
    with store.read() as session:
        rows = session.execute(select(*_COLUMNS).order_by(col(TrainingSet.id).desc()))
        return [TrainingSetView(*row) for row in rows]


def training_set(store: Store, number: int) -> TrainingSetView:
    """One built set, by its number.

    Raises:
        NotFoundError: there is none of this number.
    """
    with store.read() as session:
        return _view(session, number)


def rows_of_set(store: Store, number: int) -> list[dict[str, Any]]:
    """Provenance of a set's distinct rows (where each comes from), in order.

    Raises:
        NotFoundError: there is none of this number.
    """
    with store.read() as session:
        return _rows(session, number)


def chats_of_set(store: Store, number: int, part: str = "train") -> dict[str, set[int]]:
    """Chats of one part of a training set: dataset name → indices.

    Args:
        store: the open store.
        number: of the set.
        part: ``train`` or ``val``.

    Raises:
        NotFoundError: there is none of this number.
    """
    indices: dict[str, set[int]] = {}
    for row in rows_of_set(store, number):
        if row.get("part", "train") == part:
            indices.setdefault(row["dataset"], set()).add(row["index"])
    return indices


def changes_since(store: Store, number: int, on_rows: Callable[[int, int], None] | None = None) -> list[SourceChange]:
    """The rows whose source has changed since the set was built, in order.

    Changed is what the set would now be built of otherwise: a newer version, a record that is no longer confirmed, an
    adjudication or a first confirmed record that takes the place of the answer, a newer summary.

    Args:
        store: the open store.
        number: of the set.
        on_rows: told now and then how many of how many rows have been looked at.

    Raises:
        NotFoundError: there is none of this number.
        ExportError: it was built by a version of the program that kept too little.
    """
    with store.read() as session:
        view, rows = _view(session, number), _rows(session, number)
        lookup, maker = _lookup_and_maker(session, view)
        source = options_from_json(view.parameters).source
        changes = []
        for place, provenance in enumerate(rows):
            if on_rows is not None and place % _SEEN_EVERY == 0:
                on_rows(place, len(rows))
            try:
                _recreate_row(lookup, maker, provenance)
            except SourceGoneError as error:
                changes.append(SourceChange(place_of(provenance), str(error), lost=True))
                continue
            if clauses := lookup.changes(provenance, source):
                changes.append(SourceChange(place_of(provenance), "；".join(clauses), lost=False))
        return changes


@dataclass(frozen=True, slots=True)
class RebuiltSet:
    """The files of a set as they were, in a folder of their own; neither published nor logged.

    Attributes:
        folder: where they are.
        result: of the export.
        name: of the set.
    """

    folder: Path
    result: ExportResult
    name: str

    def enter(self, session: Session) -> None:
        """Put it into the audit log; call in the transaction in which it is published."""
        record_audit(session, AuditKind.EXPORT, self.name, f"训练集，重建，{self.result.size:,} 字节")


@permitted(Permission.TRAINING)
def rebuild(store: Store, number: int, out: Path) -> ExportResult:
    """Write a set again in the folder ``out``, the same bytes as the first time.

    Raises:
        NotFoundError: there is none of this number.
        ExportError: a source has changed (every row is named), or the files would differ.
    """
    with rebuilt_set(store, number, out) as rebuilt, store.write() as writing:
        rebuilt.enter(writing)
        publish_set(rebuilt.folder, out)
    return rebuilt.result


@permitted(Permission.TRAINING)
@contextmanager
def rebuilt_set(
    store: Store,
    number: int,
    out: Path,
    seen: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Iterator[RebuiltSet]:
    """Context manager: the files of a set once more, in a temporary folder beside ``out``, for whoever publishes them.

    No connection is held meanwhile. See :func:`rebuild` for what is raised.

    Args:
        store: the open store.
        number: of the set.
        out: where they are to be published.
        seen: told what is being done, and how many of how many rows it has been done for.
    """
    with temporary_folder_beside(out) as folder, store.read() as session, pending_file(folder / "rows") as spool:
        view, rows = _view(session, number), _rows(session, number)
        lookup, maker = _lookup_and_maker(session, view)
        _remember_rows(session, rows)
        spooled_rows: list[SpooledRow] = []
        changed: list[str] = []
        offset = 0
        for done, provenance in enumerate(rows):
            if done % _SEEN_EVERY == 0:
                seen("逐行重建", done, len(rows))
            try:
                line, spooled_row = _recreate_row(lookup, maker, provenance, offset)
            except SourceGoneError as error:
                changed.append(f"{place_of(provenance)}：{error}")
                continue
            spool.write_bytes(line)
            spooled_rows.append(spooled_row)
            offset += len(line)
        spool.finish()
        if changed:
            more = f"；等 {len(changed):,} 行" if len(changed) > _MOST_NAMED else ""
            raise ExportError(
                f"训练集「{view.name}」有 {len(changed):,} 行的来源变了，重建不出同样的内容："
                f"{'；'.join(changed[:_MOST_NAMED])}{more}",
                "请用现在的数据另建一个训练集",
            )
        seen("写出并读回核对", 0, 0)
        options = options_from_json(view.parameters)
        arrangement = _arrangement(spooled_rows, rows, view)
        parameters = {key: value for key, value in view.parameters.items() if key != "prompt_text"}
        counts = {key: value for key, value in view.counts.items() if key != "bytes"}
        result = write_files(folder, spool, arrangement, options.format, parameters, counts, out, maker.form)
        # The card only describes: a set is not lost because a newer version says the same in other words.
        if CARD in view.files and result.files.get(CARD) != view.files[CARD]:
            result = replace(result, notes=(*result.notes, f"{CARD} 的说法与当时不同，训练数据一字不差"))
        different = [name for name, digest in view.files.items() if name != CARD and result.files.get(name) != digest]
        if different or result.sha256 != view.sha256:
            raise ExportError(
                f"训练集「{view.name}」重建后与当时不同（{'、'.join(different) or MANIFEST}），没有写出",
                "程序或依赖的版本变了；请用现在的数据另建一个训练集",
            )
        session.close()  # the log is written on another connection, and none may be held meanwhile
        yield RebuiltSet(folder, result, view.name)


def _view(session: Session, number: int) -> TrainingSetView:
    row = session.execute(select(*_COLUMNS).where(col(TrainingSet.id) == number)).one_or_none()
    if row is None:
        raise NotFoundError(f"没有编号 {number} 的训练集", "请从列表里选择")
    return TrainingSetView(*row)


def _rows(session: Session, number: int) -> list[dict[str, Any]]:
    provenance = session.execute(
        select(col(TrainingSet.provenance)).where(col(TrainingSet.id) == number)
    ).scalar_one_or_none()
    if provenance is None:
        raise NotFoundError(f"没有编号 {number} 的训练集", "请从列表里选择")
    return list(provenance)


def _remember_rows(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Remember that who builds a set is given the records of its rows."""
    indices: dict[str, set[int]] = {}
    for row in rows:
        if row["origin"] == "record":
            indices.setdefault(row["dataset"], set()).add(row["index"])
    for name, some in indices.items():
        with suppress(NotFoundError):
            remember_seen_in(session, queries.dataset(session, name).id, some)


def _lookup_and_maker(session: Session, view: TrainingSetView) -> tuple[SourceLookup, RowMaker]:
    if "prompt_text" not in view.parameters:
        raise ExportError(f"训练集「{view.name}」是旧版本建的，没有留下重建所需的内容", "请另建一个训练集")
    form = _form_of(view)
    prompt = parse_prompt(view.parameters["prompt_text"], f"{view.parameters['prompt']}.md")
    return SourceLookup(session, form), RowMaker(form, prompt, options_from_json(view.parameters))


def _form_of(view: TrainingSetView) -> Form:
    """The form that a training set was built with; older sets name it without its version.

    Raises:
        ExportError: its file is another version now, and no version of the database is that one.
        FormError: it is not there any more.
    """
    reference, version = str(view.parameters["form"]), view.parameters["form_version"]
    with suppress(FormError):
        if (form := load_named_form(reference)).version == version:
            return form
    with suppress(FormError):
        if "@" not in reference:
            return load_named_form(f"{reference}@{version}")
    form = load_named_form(reference)
    raise ExportError(
        f"表单「{form.title}」现在是第 {form.version} 版，训练集「{view.name}」用的是第 {version} 版",
        "请用现在的表单另建一个训练集",
    )


def _recreate_row(
    lookup: SourceLookup, maker: RowMaker, provenance: dict[str, Any], start: int = 0
) -> tuple[bytes, SpooledRow]:
    """Make a row again from its provenance, the same bytes as the first time.

    Raises:
        SourceGoneError: its source has changed.
    """
    try:
        answer = lookup.answer(provenance)
        row_input = recreate_input(maker.form, answer, provenance, maker.steps)
        if row_input is None:
            raise SourceGoneError("摘要已不在")
        task = maker.task(provenance)
        row = maker.remake(row_input, provenance)
        line = row.line
        side = provenance.get("side", APPROVED)
        spooled_row = maker.spooled(row, row_input, task, answer, start, len(line), side)
    except ShiyaoError as error:
        raise SourceGoneError(reason_of(error)) from error
    if spooled_row.row.hex() != provenance["row"]:
        raise SourceGoneError("来源都在，但这一行与当时不同（程序或提示词的渲染变了）")
    return line, spooled_row


def _arrangement(
    spooled_rows: Sequence[SpooledRow], rows: Sequence[Mapping[str, Any]], view: TrainingSetView
) -> Arrangement:
    train = [spooled_row for spooled_row, row in zip(spooled_rows, rows, strict=True) if row["part"] == "train"]
    validation = [spooled_row for spooled_row, row in zip(spooled_rows, rows, strict=True) if row["part"] == "val"]
    copies = {
        spooled_row.start: row.get("copies", 1)
        for spooled_row, row in zip(spooled_rows, rows, strict=True)
        if row["part"] == "train"
    }
    order = training_order(train, copies, view.counts["repeats"], view.parameters["seed"])
    return Arrangement(order, train, validation, copies, view.counts["repeats"])
