"""Taking an import back as a whole, while nobody has worked on what it brought."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, String, cast, delete, func, or_, select, update
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.erasure import forget_job_results, forget_search_index
from core.adapters.store.models import (
    BatchChat,
    Chat,
    Claim,
    Dataset,
    DatasetImport,
    Discussion,
    Extraction,
    Pick,
    Record,
    Run,
    RunKind,
    RunStatus,
    Summary,
    now,
)
from core.domain.permissions import Permission
from core.errors import ConflictError, NotFoundError
from core.services.datasets.import_log import IdRanges, conditions_within, id_ranges
from core.services.datasets.import_types import ChatRow
from core.services.datasets.staging import stage_chat
from core.services.team import AuditKind, everything_shown, permitted, record_audit

_NAMED = 3
_UNDER_WAY = (RunStatus.WAITING, RunStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What goes when an import is taken back.

    Attributes:
        import_id: its number.
        dataset: name of the dataset.
        file: name of the file.
        chats: chats that go.
        labels: of these chats, those whose labels or forms in its run go with them.
        answers: chats that stay, but lose the labels or forms that it brought.
        runs: ``{name: results}`` of other runs, which go with their chats.
        batches: chats that are assigned to somebody.
        drops_dataset: the dataset goes as well: the import made it, and nothing else is in it.
        shortened: chats that it went on with, and that get back the text that they had.
        since: ``{name: results}`` of runs that read these chats after they were gone on with; these results go.
        shared: ``{"file（编号 id）": chats}`` of later imports: chats that go although the later file has them too.
        refused: why it cannot be taken back, a Chinese sentence; ``""`` where it can.
    """

    import_id: int
    dataset: str
    file: str
    chats: int
    answers: int
    runs: dict[str, int]
    batches: int
    drops_dataset: bool
    labels: int = 0
    shortened: int = 0
    shared: dict[str, int] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    refused: str = ""

    def sentences(self) -> list[str]:
        """What goes, in Chinese."""
        labelled = f"（连同其中 {self.labels:,} 条的标注或结果）" if self.labels else ""
        goes = [f"{self.chats:,} 条群聊{labelled}"] if self.chats else []
        goes += [f"{self.answers:,} 条群聊的标注或结果"] if self.answers else []
        goes += [f"抽取任务「{name}」在这些群聊上的 {count:,} 个结果" for name, count in self.runs.items()]
        goes += [f"{self.batches:,} 条群聊的分派"] if self.batches else []
        nothing = [] if self.shortened else ["这次导入没有新增什么，撤销只在导入记录里注明"]
        sentences = [f"撤销后删去：{'，'.join(goes)}"] if goes else nothing
        sentences += [
            f"其中 {count:,} 条在之后的导入「{later}」里也有，当时算作已有；撤销后就没有了，需要时请再导入那个文件"
            for later, count in self.shared.items()
        ]
        if self.shortened:
            sentences.append(f"{self.shortened:,} 条续写过的群聊恢复原来的文字")
        sentences += [
            f"抽取任务「{name}」在续写后的群聊上的 {count:,} 个结果删去，要的话请再抽取"
            for name, count in self.since.items()
        ]
        if self.drops_dataset:
            sentences.append(f"数据集「{self.dataset}」是这次导入建的，里面没有别的，一并删去")
        return sentences


def plan_undo(store: Store, import_id: int) -> UndoPlan:
    """What goes if an import is taken back, or why it cannot be.

    Raises:
        NotFoundError: no such import.
    """
    with store.read() as session, everything_shown(session):  # who has worked on the chats, not what they made
        return _plan(session, _import(session, import_id))


@permitted(Permission.UNDO_IMPORT)
def undo_import(store: Store, import_id: int, *, who: str = "") -> UndoPlan:
    """Take an import back: its chats, and the labels or forms that it added to others.

    Args:
        store: where it is.
        import_id: its number in the history.
        who: who takes it back.

    Returns:
        What went.

    Raises:
        NotFoundError: no such import.
        ConflictError: somebody has reviewed one of its chats, is at one, or a run is going on.
    """
    with store.write() as session:
        row = _import(session, import_id, lock=True)
        # Whoever saves a review of one of these chats meanwhile waits, or is seen below.
        _matching(session, select(col(Chat.id)).with_for_update(), col(Chat.id), row.chats)
        plan = _plan(session, row)
        if plan.refused:
            raise ConflictError(f"没有撤销：{plan.refused}", "要删去整个数据集，请到「数据集」页")
        touched = _forget_in_runs(session, row)
        _delete_answers(session, row)
        for within in conditions_within(col(Chat.id), row.chats):
            # The database takes what hangs on them (ON DELETE CASCADE).
            session.execute(delete(Chat).where(col(Chat.dataset_id) == row.dataset_id, within))
        session.flush()
        _shorten(session, row)
        session.flush()
        forget_search_index(session)
        forget_job_results(session)
        _drop_empty_runs(session, touched)
        record_audit(session, AuditKind.DELETION, plan.dataset, f"撤销「{plan.file}」的导入，{plan.chats:,} 条群聊")
        if plan.drops_dataset:
            session.execute(delete(Dataset).where(col(Dataset.id) == row.dataset_id))
        else:
            row.undone_at, row.undone_by = now(), who.strip()
            session.add(row)
            session.flush()
            _count_expected(session, row.dataset_id)
    store.purge_deleted()
    return plan


def _import(session: Session, import_id: int, *, lock: bool = False) -> DatasetImport:
    row: DatasetImport | None = session.get(DatasetImport, import_id, with_for_update=True if lock else None)
    if row is None:
        raise NotFoundError(f"没有编号为 {import_id} 的导入", "用 imports --dataset 查看有哪些")
    return row


def _plan(session: Session, row: DatasetImport) -> UndoPlan:
    dataset = session.get_one(Dataset, row.dataset_id)
    chats = len(_matching(session, select(col(Chat.id)), col(Chat.id), row.chats))
    others = (
        select(col(Run.name), func.count())
        .join(Extraction, col(Extraction.run_id) == col(Run.id))
        .where(col(Run.id) != (row.run_id or 0))
        .group_by(col(Run.id), col(Run.name))
    )
    own_answers = select(col(Extraction.chat_id)).where(col(Extraction.run_id) == row.run_id)
    runs: dict[str, int] = {}
    for name, count in _matching(session, others, col(Extraction.chat_id), row.chats):
        runs[name] = runs.get(name, 0) + count
    batches = _matching(session, select(col(BatchChat.chat_id)).distinct(), col(BatchChat.chat_id), row.chats)
    everything = session.execute(
        select(func.count()).select_from(Chat).where(col(Chat.dataset_id) == row.dataset_id)
    ).scalar_one()
    return UndoPlan(
        import_id=row.id or 0,
        dataset=dataset.name,
        file=row.file,
        chats=chats,
        answers=len(_staying_answers(session, row)),
        runs=runs,
        batches=len(batches),
        drops_dataset=row.new_dataset and chats == everything and row.undone_at is None,
        labels=len(_matching(session, own_answers, col(Extraction.chat_id), row.chats)),
        shortened=len(row.grown or ()),
        shared=_shared(session, row),
        since=_made_since(session, row),
        refused=_why_not(session, row, dataset),
    )


def _why_not(session: Session, row: DatasetImport, dataset: Dataset) -> str:
    """Why an import cannot be taken back, a Chinese clause; ``""`` where it can."""
    if row.undone_at is not None:
        return "这次导入已经撤销过了"
    under_way = session.execute(
        select(col(Run.name)).where(col(Run.dataset_id) == dataset.id, col(Run.status).in_(_UNDER_WAY))
    ).scalars()
    if name := next(iter(under_way), None):
        return f"抽取任务「{name}」正在进行，请先取消或等它完成"
    for later in _later_imports(session, row):
        if lost := _overlap(row.chats, later.answers):
            return f"之后的导入「{_titled(later)}」给其中 {lost:,} 条群聊加了标注或结果，请先撤销那一次"
    for chat_id, _, after in row.grown or ():
        chat = session.get(Chat, chat_id)
        if chat is not None and chat.characters != after:
            return f"第 {chat.index} 条群聊之后又变过，不能恢复原来的文字"
    reviewed = _reviewed(session, row)
    if reviewed:
        return f"已有人审阅：{_listed(reviewed)}"
    at_work = select(col(Chat.index), col(Claim.reviewer)).join(Claim, col(Claim.chat_id) == col(Chat.id))
    claims = _matching(session, at_work.where(col(Claim.until) > now()), col(Chat.id), row.chats)
    return f"正有人审阅：{_listed(claims)}" if claims else ""


def _later_imports(session: Session, row: DatasetImport) -> list[DatasetImport]:
    """Imports into the same dataset after this one that still stand."""
    later = select(DatasetImport).where(
        col(DatasetImport.dataset_id) == row.dataset_id,
        col(DatasetImport.id) > row.id,
        col(DatasetImport.undone_at).is_(None),
    )
    return list(session.execute(later.order_by(col(DatasetImport.id))).scalars())


def _shared(session: Session, row: DatasetImport) -> dict[str, int]:
    """Chats of this import that later ones found there already; of an import that did not note which, at most."""
    shared: dict[str, int] = {}
    for later in _later_imports(session, row):
        if later.present is not None and (count := _overlap(row.chats, later.present)):
            shared[_titled(later)] = count
        elif later.present is None and (count := min(later.skipped, row.added)):
            shared[f"{_titled(later)}，当时没有记下是哪几条，最多"] = count
    return shared


def _made_since(session: Session, row: DatasetImport) -> dict[str, int]:
    """``{name: results}`` of the runs that read chats as this import left them."""
    grown = [chat_id for chat_id, _, _ in row.grown or ()]
    statement = (
        select(col(Run.name), func.count())
        .join(Extraction, col(Extraction.run_id) == col(Run.id))
        .where(col(Extraction.made_on).is_(None), col(Run.id) != (row.run_id or 0))
        .group_by(col(Run.id), col(Run.name))
    )
    since: Counter[str] = Counter()
    for name, count in _matching(session, statement, col(Extraction.chat_id), id_ranges(grown)):
        since[name] += count
    return dict(since)


def _titled(row: DatasetImport) -> str:
    return f"{row.file}（编号 {row.id}）"


def _overlap(ranges: IdRanges, others: IdRanges) -> int:
    """How many ids lie in both; the ranges of each are in order and apart."""
    count = place = 0
    for first, last in ranges:
        while place < len(others) and others[place][1] < first:
            place += 1
        at = place
        while at < len(others) and others[at][0] <= last:
            count += min(last, others[at][1]) - max(first, others[at][0]) + 1
            at += 1
    return count


def _reviewed(session: Session, row: DatasetImport) -> list[tuple[int, str]]:
    """``(index, who)`` of what people did with an import: reviews and discussions of its chats, choices."""
    records = select(col(Chat.index), col(Record.reviewer)).join(Record, col(Record.chat_id) == col(Chat.id))
    picks = select(col(Chat.index), col(Pick.who)).join(Pick, col(Pick.chat_id) == col(Chat.id))
    summaries = select(col(Chat.index), col(Summary.who)).join(Summary, col(Summary.chat_id) == col(Chat.id))
    talks = select(col(Chat.index), col(Discussion.opened_by)).join(Discussion, col(Discussion.chat_id) == col(Chat.id))
    chats = [*row.chats, *([chat_id, chat_id] for chat_id, _, _ in row.grown or ())]
    work = [
        *_matching(session, talks.where(col(Discussion.comments) > 0), col(Chat.id), chats),
        *_matching(session, records, col(Chat.id), chats),
        *_matching(session, picks, col(Chat.id), chats),
        *_matching(session, summaries.where(col(Summary.run_id).is_(None)), col(Chat.id), chats),
    ]
    if row.run_id:
        origin = cast(col(Record.customers), String).contains(f'"run:{row.run_id}"', autoescape=True)
        from_run = or_(col(Record.base_run_id) == row.run_id, origin)
        work += _matching(session, records.where(from_run), col(Chat.id), row.answers)
    return sorted(set(work))


def _listed(places: list[tuple[int, str]]) -> str:
    named = "、".join(f"{who or '有人'}（第 {index} 条）" for index, who in places[:_NAMED])
    return named + (f"等 {len(places):,} 处" if len(places) > _NAMED else "")


def _matching(session: Session, statement: Select[*tuple[Any, ...]], column: Any, ranges: list[list[int]]) -> list[Any]:
    """Rows of a statement whose column lies in ranges of ids; single values where it selects one column."""
    rows: list[Any] = []
    for within in conditions_within(column, ranges):
        rows += session.execute(statement.where(within)).all()
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]


def _staying_answers(session: Session, row: DatasetImport) -> list[int]:
    """Ids of the chats that stay, but lose what the import added to its run."""
    own_chats = set(_matching(session, select(col(Chat.id)), col(Chat.id), row.chats))
    answered = select(col(Extraction.chat_id)).where(col(Extraction.run_id) == row.run_id)
    return [one for one in _matching(session, answered, col(Extraction.chat_id), row.answers) if one not in own_chats]


def _forget_in_runs(session: Session, row: DatasetImport) -> list[int]:
    """Take the chats out of the numbers of runs, and out of the lists of those that were started for some chats.

    Returns:
        Ids of the runs that lose something.
    """
    indices = set(_matching(session, select(col(Chat.index)), col(Chat.id), row.chats))
    touched = [row.run_id] if row.run_id else []
    for run in session.execute(select(Run).where(col(Run.dataset_id) == row.dataset_id)).scalars():
        answered = select(col(Extraction.id)).where(col(Extraction.run_id) == run.id)
        lost = len(_matching(session, answered, col(Extraction.chat_id), row.chats))
        run.total = max(0, run.total - lost)
        chosen = (run.parameters or {}).get("chats")
        if isinstance(chosen, list) and indices.intersection(chosen):
            run.parameters = {**run.parameters, "chats": [index for index in chosen if index not in indices]}
        if lost:
            touched.append(run.id or 0)
        session.add(run)
    session.flush()
    return touched


def _delete_answers(session: Session, row: DatasetImport) -> None:
    """Take what the import added to its run away from chats that stay."""
    if row.run_id is None:
        return
    run = session.get_one(Run, row.run_id)
    run.total = max(0, run.total - len(_staying_answers(session, row)))
    for within in conditions_within(col(Extraction.chat_id), row.answers):
        session.execute(delete(Extraction).where(col(Extraction.run_id) == row.run_id, within))
    session.add(run)
    session.flush()


def _shorten(session: Session, row: DatasetImport) -> None:
    """Give the chats that an import went on with the text that they had before."""
    for chat_id, before, _ in row.grown or ():
        chat = session.get(Chat, chat_id)
        if chat is None:
            continue
        staged = stage_chat(ChatRow(chat.index, chat.text[:before], None))
        of_chat = col(Extraction.chat_id) == chat_id
        since = select(col(Extraction.run_id)).where(of_chat, col(Extraction.made_on).is_(None))
        # A model can be asked again: its run is short of this chat. What was brought or merged is about one chat less.
        others = select(Run).where(col(Run.id).in_(since), col(Run.kind) != RunKind.MODEL)
        for run in session.execute(others).scalars():
            run.total = max(0, run.total - 1)
            session.add(run)
        session.flush()
        session.execute(delete(Extraction).where(of_chat, col(Extraction.made_on).is_(None)))
        session.execute(update(Extraction).where(of_chat, col(Extraction.made_on) == before).values(made_on=None))
        chat.text, chat.sha256 = staged.text, staged.sha256
        chat.characters, chat.residue_characters = before, staged.residue_characters
        session.add(chat)


def _drop_empty_runs(session: Session, run_ids: list[int]) -> None:
    """Delete those of these runs of which nothing is left."""
    left = select(col(Extraction.id)).where(col(Extraction.run_id) == col(Run.id)).exists()
    empty = select(col(Run.id)).where(col(Run.id).in_(run_ids), col(Run.total) == 0, ~left)
    ids = list(session.execute(empty).scalars())
    session.execute(delete(Run).where(col(Run.id).in_(ids)))
    session.flush()


def _count_expected(session: Session, dataset_id: int) -> None:
    """The number of expected chats without the imports that were taken back."""
    dataset = session.get_one(Dataset, dataset_id)
    last = session.execute(select(func.max(col(Chat.index))).where(col(Chat.dataset_id) == dataset_id)).scalar_one()
    rows = session.execute(
        select(DatasetImport).where(col(DatasetImport.dataset_id) == dataset_id).order_by(col(DatasetImport.id))
    ).scalars()
    expected = last or 0
    for number, row in enumerate(rows):
        if number == 0:
            expected = max(expected, row.expected_before)
        if row.undone_at is None and row.expected_after > row.expected_before:
            expected = max(expected, row.expected_after)
    dataset.expected = expected
    session.add(dataset)
