"""Finds a person everywhere in the database, and deletes or renames them everywhere, histories included.

Every text and JSON column of every table is read, so that no table is forgotten, but for the program's own words in
them: states, kinds, digests, names of fields (``_CODES``). A person called OK is not every answer that is. The audit
log is left as it is: it holds no text of chats, and the database lets nobody change it; entries that name the person,
by a file's name, are reported.
"""

import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import JSON, Column, String, Table, TypeDecorator, delete, select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.erasure import forget_job_results, forget_search_index
from core.adapters.store.models import AuditEntry, Base, Chat, ChatSearch, Dataset, Export, Record, TrainingSet
from core.domain.chat import parse_chat
from core.domain.form.loading import form_references, load_named_form
from core.domain.permissions import Permission
from core.domain.person_names import plain_name
from core.domain.personal_data import PersonSpellings
from core.errors import FormError, InputError
from core.services.privacy.related import related_words
from core.services.privacy.unique_rows import update_row
from core.services.team import AuditKind, permitted, record_audit

_LEFT_OUT = frozenset({"auditentry", "account", "signinsession", "signinbrake", "gate", "place"})
_CODES = frozenset(
    "status kind provider key_env sha256 prompt_sha256 digest shape signature key save_id worker review_pass "
    "cause format encoding joined form split prompt_version versions method lot_secret".split()
)
"""Columns, and keys in JSON, whose values the program wrote and nobody else."""
_CODES_OF_CUSTOMERS = frozenset({"origin", "confirmed"})
_OWN_WORD = re.compile(r"[A-Za-z0-9_.:/+-]*")
"""What the program writes under such a key in JSON, but for its Chinese words; a person's name there is somebody's."""
_DIGIT = re.compile(r"[0-9]")
_CHINESE_CODES = frozenset("status kind review_pass form prompt_version versions".split()) | _CODES_OF_CUSTOMERS
_TITLES = {
    "chat": "群聊",
    "record": "审阅记录",
    "recordevent": "记录历史",
    "extraction": "抽取结果与原始回复",
    "run": "抽取任务",
    "summary": "摘要",
    "trainingset": "训练集",
    "export": "导出记录",
    "dispute": "标注争议",
    "discussion": "讨论",
    "discussionevent": "讨论里的评论",
    "guideline": "标注规范",
    "datasetimport": "导入记录",
}
_AT_ONCE = 200
_LEAD = "匿名"
_ANONYMOUS = re.compile(rf"{_LEAD}[0-9]{{4}}(?![0-9])")


@dataclass(frozen=True, slots=True)
class PersonPlace:
    """A row in which a person is named.

    Attributes:
        table: of the database.
        title: what it is, for people.
        key: the row's primary key, as text.
        dataset: name of its dataset; empty where it has none.
        chat: index of its chat; 0 where it has none.
        mentions: how often.
    """

    table: str
    title: str
    key: str
    dataset: str
    chat: int
    mentions: int


@dataclass(frozen=True, slots=True)
class PersonReport:
    """Where a person is, or was before they were deleted.

    Attributes:
        terms: what was looked for.
        places: rows that name the person.
        chats: ``{dataset name: indices of chats}`` that the person is in.
        files: exported files and training sets that hold one of these chats, in words; they lie elsewhere.
        related: words that may be the same person's, which were not looked for; nothing is done to them.
        entries: entries of the audit log that name the person, in words; nobody can change them.
        backups: file names of backups, which keep what was in the database when they were made.
        done: 找到, 已删除 or 已换名.
        pseudonyms: ``{term: what stands there now}``.
        purged: whether the bytes are gone from the database's files, too.
    """

    terms: tuple[str, ...]
    places: tuple[PersonPlace, ...]
    chats: dict[str, list[int]]
    files: tuple[str, ...]
    backups: tuple[str, ...]
    related: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    done: str = "找到"
    pseudonyms: dict[str, str] = field(default_factory=dict)
    purged: bool = False

    def counts(self) -> dict[str, int]:
        """Number of rows by what they are."""
        return dict(Counter(place.title for place in self.places))


@permitted(Permission.PERSONAL_DATA)
def find_person(store: Store, terms: Sequence[str]) -> PersonReport:
    """Find a person over all datasets, in any spelling of what is known of them.

    Args:
        store: open store.
        terms: names, phones, numbers of cards, ids; each at least two characters.

    Raises:
        InputError: there is nothing to look for.
    """
    spellings = _spellings(terms)
    with store.read() as session:
        return _report(store, session, spellings)


@permitted(Permission.PERSONAL_DATA)
def rename_person(store: Store, terms: Sequence[str]) -> PersonReport:
    """Put made-up words in the place of a person everywhere, histories and raw replies included.

    Raises:
        InputError: there is nothing to look for.
    """
    spellings = _spellings(terms)
    with store.write() as session:
        report = _report(store, session, spellings)
        pseudonyms = _made_up(session, spellings)
        _replace_everywhere(session, spellings, pseudonyms)
        forget_search_index(session)
        forget_job_results(session)
        record_audit(session, AuditKind.DELETION, "一个人的个人信息", f"换名，{len(report.places):,} 处")
    return _finished(store, report, "已换名", pseudonyms)


@permitted(Permission.PERSONAL_DATA)
def delete_person(store: Store, terms: Sequence[str]) -> PersonReport:
    """Delete every chat that a person is in, with all that hangs on it, and rename them in what is left.

    Raises:
        InputError: there is nothing to look for.
    """
    spellings = _spellings(terms)
    with store.write() as session:
        report = _report(store, session, spellings)
        chat_ids = _chat_ids(session, report)
        for first in range(0, len(chat_ids), _AT_ONCE):
            session.execute(delete(Chat).where(col(Chat.id).in_(chat_ids[first : first + _AT_ONCE])))
        session.flush()
        session.expire_all()
        pseudonyms = _made_up(session, spellings)
        _replace_everywhere(session, spellings, pseudonyms)
        forget_search_index(session)
        forget_job_results(session)
        detail = f"删除 {len(chat_ids):,} 条群聊，{len(report.places):,} 处"
        record_audit(session, AuditKind.DELETION, "一个人的个人信息", detail)
    return _finished(store, report, "已删除", pseudonyms)


def _finished(store: Store, report: PersonReport, done: str, pseudonyms: dict[str, str]) -> PersonReport:
    purged = store.purge_deleted(rewrite=True)
    return replace(report, done=done, pseudonyms=pseudonyms, purged=purged)


def _spellings(terms: Sequence[str]) -> PersonSpellings:
    kept = tuple(dict.fromkeys(term.strip() for term in terms if term.strip()))
    if not kept or any(len(plain_name(term)) < 2 for term in kept):
        raise InputError("没有写明要找谁", "请给出名字、电话、证件号或账号，每个至少两个字")
    return PersonSpellings(kept)


def _report(store: Store, session: Session, spellings: PersonSpellings) -> PersonReport:
    names = {int(number): str(name) for number, name in session.execute(select(col(Dataset.id), col(Dataset.name)))}
    places: list[PersonPlace] = []
    chats: dict[str, set[int]] = {}
    for table, row, columns in _rows(session):
        mentions = sum(spellings.count(text) for column in columns for text in _texts(row[column.name]))
        if not mentions:
            continue
        dataset_id, index = _place_of(session, table, row)
        dataset = names.get(dataset_id, "")
        key = ",".join(str(row[column.name]) for column in table.primary_key.columns)
        places.append(PersonPlace(table.name, _TITLES.get(table.name, "其他"), key, dataset, index, mentions))
        if index:
            chats.setdefault(dataset, set()).add(index)
    files = tuple(_chat_files(session, chats, {name: number for number, name in names.items()}))
    sorted_chats = {name: sorted(indices) for name, indices in chats.items()}
    backups = tuple(path.name for path in store.backups())
    related = related_words(session, spellings, sorted_chats)
    entries = tuple(_audit_entries(session, spellings))
    return PersonReport(spellings.terms, tuple(places), sorted_chats, files, backups, related, entries)


def _rows(session: Session) -> Iterator[tuple[Table, dict[str, Any], list[Column[Any]]]]:
    """Every row of every table with its columns that hold texts."""
    _field_names.cache_clear()
    _field_names()
    for table in Base.metadata.sorted_tables:
        columns = [column for column in table.columns if _holds_text(column)]
        if table.name in _LEFT_OUT or table.name == ChatSearch.__tablename__ or not columns:
            continue
        for row in session.execute(select(table).execution_options(yield_per=_AT_ONCE)).mappings():
            yield table, dict(row), columns


def _holds_text(column: Column[Any]) -> bool:
    kind = column.type
    return column.name not in _CODES and isinstance(
        kind.impl_instance if isinstance(kind, TypeDecorator) else kind, String | JSON
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not _is_own_key(key):
                yield key
            if not _is_code(key, inner):
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _is_own_key(key: str) -> bool:
    """Whether a key in JSON is the program's or the name of a field, and no words from a chat or a file.

    One with a digit in it may be a phone or an account: it is looked at like any text.
    """
    return bool(_OWN_WORD.fullmatch(key)) and not _DIGIT.search(key) or key in _field_names()


@lru_cache(maxsize=1)  # asked for each key; forgotten when rows are read anew
def _field_names() -> frozenset[str]:
    """Names of the fields of every form that there is; one that cannot be read has none."""
    names: set[str] = set()
    for reference in form_references():
        with suppress(FormError):
            names.update(one.key for one in load_named_form(reference).fields)
    return frozenset(names)


def _is_code(key: str, value: Any) -> bool:
    """Whether a value in JSON is a word of the program: by its key, and by what it looks like."""
    if key not in _CODES and key not in _CODES_OF_CUSTOMERS:
        return False
    if key in _CHINESE_CODES or not isinstance(value, str):
        return True
    return bool(_OWN_WORD.fullmatch(value)) or value in _field_names()


def _place_of(session: Session, table: Table, row: dict[str, Any]) -> tuple[int, int]:
    """Dataset id and chat index of a row, 0 where it has none."""
    if table.name == "dataset":
        return int(row["id"]), 0
    if table.name == "chat":
        return int(row["dataset_id"]), int(row["index"])
    chat_id = row.get("chat_id")
    if chat_id is None and row.get("record_id") is not None:
        record = session.get(Record, row["record_id"])
        chat_id = record.chat_id if record else None
    chat = session.get(Chat, chat_id) if chat_id is not None else None
    if chat is not None:
        return chat.dataset_id, chat.index
    return int(row.get("dataset_id") or 0), 0


def _chat_files(session: Session, chats: dict[str, set[int]], ids: dict[str, int]) -> Iterator[str]:
    """Files that were made of chats of the person, as far as they are written down."""
    for export in session.execute(select(Export).order_by(col(Export.id))).scalars():
        held = {int(item.get("index") or 0) for item in export.provenance}
        if any(export.dataset_id == ids.get(name) and held & indices for name, indices in chats.items()):
            yield f"{export.created_at:%Y-%m-%d} 导出 {export.filename}"
    for built in session.execute(select(TrainingSet).order_by(col(TrainingSet.id))).scalars():
        held_chats = {(item.get("dataset"), int(item.get("index") or 0)) for item in built.provenance}
        if any((name, index) in held_chats for name, indices in chats.items() for index in indices):
            yield f"{built.created_at:%Y-%m-%d} 训练集 {built.name}"


def _audit_entries(session: Session, spellings: PersonSpellings) -> Iterator[str]:
    """Entries of the audit log in which the person is named: by a file's name, a dataset's or an account's."""
    for entry in session.execute(select(AuditEntry).order_by(col(AuditEntry.id))).scalars():
        if spellings.count(entry.target) or spellings.count(entry.detail):
            yield f"{entry.at:%Y-%m-%d} {entry.kind} {entry.target}"


def _chat_ids(session: Session, report: PersonReport) -> list[int]:
    chat_ids: list[int] = []
    for name, indices in report.chats.items():
        statement = select(col(Chat.id), col(Chat.index)).join(Dataset, col(Dataset.id) == col(Chat.dataset_id))
        rows = session.execute(statement.where(col(Dataset.name) == name))
        chat_ids += [int(chat_id) for chat_id, index in rows if index in set(indices)]
    return chat_ids


def _made_up(session: Session, spellings: PersonSpellings) -> dict[str, str]:
    """What stands for each term from now on: zeros for numbers, a word for names, which stands nowhere yet.

    All names have the same word, but for those under which two people speak in one chat.
    """
    used: set[str] = set()
    apart: dict[str, set[str]] = {term: set() for term in spellings.terms}
    for table, row, columns in _rows(session):
        texts = [text for column in columns for text in _texts(row[column.name])]
        used.update(word for text in texts for word in _ANONYMOUS.findall(text))
        if table.name == "chat" and len(spellings.terms) > 1 and any(spellings.count(text) for text in texts):
            _keep_apart(apart, parse_chat(row["text"]).speakers)
    words: dict[str, str] = {}
    for term in spellings.terms:
        if digits := spellings.digits_of(term):
            words[term] = "0" * len(digits)
            continue
        taken = {words.get(other, "") for other in apart[term]}
        word = next((one for one in words.values() if one.startswith(_LEAD) and one not in taken), "")
        words[term] = word or _free_word(used)
    return words


def _keep_apart(apart: dict[str, set[str]], speakers: Sequence[str]) -> None:
    """Note which terms name two people who speak in one chat."""
    names = {term: {speaker for speaker in speakers if PersonSpellings([term]).count(speaker)} for term in apart}
    for term, own in names.items():
        apart[term] |= {other for other, others in names.items() if own and others and not own & others}


def _free_word(used: set[str]) -> str:
    """A word that stands nowhere in the database; no word is the beginning of another."""
    free = sorted({f"{_LEAD}{number}" for number in range(1000, 10_000)} - used)
    word = secrets.choice(free) if free else f"{_LEAD}0{secrets.token_hex(8)}"
    used.add(word)
    return word


def _replace_everywhere(session: Session, spellings: PersonSpellings, pseudonyms: dict[str, str]) -> None:
    def change(text: str) -> str:
        return spellings.replace(text, pseudonyms)

    for table, row, columns in list(_changed_rows(session, spellings)):
        values = {column.name: _mapped(row[column.name], change) for column in columns}
        changes = {name: value for name, value in values.items() if value != row[name]}
        if "text" in changes and table.name == "chat":
            changes |= _chat_facts(changes["text"])
        update_row(session, table, row, changes)


def _changed_rows(
    session: Session, spellings: PersonSpellings
) -> Iterator[tuple[Table, dict[str, Any], list[Column[Any]]]]:
    for table, row, columns in _rows(session):
        if any(spellings.count(text) for column in columns for text in _texts(row[column.name])):
            yield table, row, columns


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        mapped: dict[str, Any] = {}
        for key, inner in value.items():
            name = key if _is_own_key(key) else change(key)
            free = next(
                one for one in (name, *(f"{name} {number}" for number in range(2, len(value) + 2))) if one not in mapped
            )
            mapped[free] = inner if _is_code(key, inner) else _mapped(inner, change)
        return mapped
    return [_mapped(inner, change) for inner in value] if isinstance(value, list) else value


def _chat_facts(text: str) -> dict[str, Any]:
    """What is kept of a chat besides its text."""
    residue = sum(span.end - span.start for span in parse_chat(text).residue)
    digest = sha256(text.encode("utf-8")).hexdigest()
    return {"sha256": digest, "characters": len(text), "residue_characters": residue}
