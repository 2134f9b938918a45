"""What customers said and reviewers typed is in no log line and on no standard error, whatever fails."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, StatementError

from core import logs
from core.adapters.store import Store
from core.adapters.store.models import Record, RecordStatus
from core.domain.form import Form
from core.errors import InputError
from core.services.review.records.saving import apply_saves
from tests.factories.runs import add_dataset

MARKER = "张三丰的手机13900001111"
_log = logging.getLogger("shiyao.test")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    before = [handler for handler in root.handlers if handler.name == "shiyao-file"]
    for handler in before:
        root.removeHandler(handler)
    path = tmp_path / "shiyao.log"
    logs.set_up(path)
    yield path
    for handler in [handler for handler in root.handlers if handler.name == "shiyao-file"]:
        root.removeHandler(handler)
        handler.close()
    for handler in before:
        root.addHandler(handler)


def record(**values: object) -> Record:
    return Record(status=RecordStatus.DRAFT, customers=[{"基本信息-姓名": MARKER}], note=MARKER, **values)  # type: ignore[arg-type]


@pytest.mark.both_databases
def test_a_statement_that_fails(store: Store, log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    dataset = add_dataset(store, 1)
    broken = [
        record(dataset_id=dataset.id, chat_id=999_999),  # a foreign key
        record(dataset_id=dataset.id, chat_id=None),  # a column that may not be empty
        record(dataset_id=dataset.id, chat_id=object()),  # a type that the driver does not know
        record(dataset_id=2**70, chat_id=1),  # too large
    ]
    for row in broken:
        try:
            with store.write() as session:
                session.add(row)
        except Exception as error:
            _log.exception("could not be stored: %s", error)
        else:
            raise AssertionError("it was stored")
    statements = (
        select(Record).where(text("no_such_column = :value")),
        text("SELECT nothing FROM nowhere WHERE a = :value"),
    )
    for statement in statements:
        try:
            with store.read() as session:
                session.execute(statement, {"value": MARKER})
        except (DBAPIError, StatementError):
            _log.warning("could not be read", exc_info=True)
    out, err = capfd.readouterr()
    written = log.read_text("utf-8")
    assert written.count("Traceback") >= 6 and "IntegrityError" in written
    assert MARKER not in written and MARKER not in out + err


def test_a_save_that_is_no_save(store: Store, form: Form, log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    dataset = add_dataset(store, 1)
    hostile = [
        {"save_id": "1", "customers": MARKER},
        {"save_id": "2", "customers": [MARKER], "chat": {MARKER: MARKER}},
        {"save_id": "3", "chat": 1, "customers": [{"values": {"基本信息-姓名": [MARKER, [MARKER]]}}], "note": [MARKER]},
        {"save_id": "4", "chat": f"{MARKER}, input_type=str", "note": {"a": f"{MARKER}, input_type=dict]"}},
        [MARKER],
        MARKER,
    ]
    apply_saves(store, form, dataset.id, hostile)
    out, err = capfd.readouterr()
    written = log.read_text("utf-8")
    assert "rejected save" in written and MARKER not in written and MARKER not in out + err


QUOTING = {
    "a key": lambda: {}[MARKER],
    "a key of a key": lambda: {}[(MARKER, "it's")],
    "a number": lambda: int(MARKER),
    "a fraction": lambda: float(f"'{MARKER}\""),
    "a date": lambda: datetime.fromisoformat(MARKER),
    "a member": lambda: RecordStatus(MARKER),
    "an attribute": lambda: getattr("", MARKER),
    "an item": lambda: [].index(MARKER),
    "an unpacking": lambda: {"a": 1}[f"sk-{'0123456789abcdef' * 2}"],
    "an encoding": lambda: MARKER.encode("ascii"),
    "JSON": lambda: json.loads("{" + MARKER),
    "a message of its own": lambda: fail(ValueError(f"no such customer: {MARKER}")),
    "in several lines": lambda: fail(RuntimeError(f"first\n{MARKER}\nlast")),
    "in a group": lambda: fail(ExceptionGroup("several", [KeyError(MARKER), ValueError(MARKER)])),
}


def fail(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("name", QUOTING)
def test_what_an_error_quotes_is_in_no_log(name: str, log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    try:
        try:
            QUOTING[name]()
        except Exception as error:
            raise LookupError("the second one") from error
    except LookupError as error:
        _log.exception("failed: %s", error.__cause__)
        _log.warning("again", exc_info=error)
    out, err = capfd.readouterr()
    written = log.read_text("utf-8")
    for secret in (MARKER, "张三丰", "13900001111", "0123456789abcdef0123"):
        assert secret not in written and secret not in out + err
    assert written.count("Traceback") >= 2 and "the second one" in written


def test_what_helps_to_mend_stays_in_the_log(log: Path) -> None:
    try:
        open("/nowhere/shiyao.toml")
    except OSError:
        _log.exception("a file")
    try:
        raise InputError("文件「报价.xlsx」读不了", "请重试")
    except InputError:
        _log.exception("a sentence")
    try:
        raise ValueError("limit must be positive, can't be 0")
    except ValueError:
        _log.exception("a reason")
    written = log.read_text("utf-8")
    assert (
        "/nowhere/shiyao.toml" in written and "报价.xlsx" in written and "limit must be positive, can't be 0" in written
    )


@pytest.mark.parametrize("key", ["\udc80" * 30, "key-\ud83d-of-mine"])
def test_a_key_that_is_no_text_leaves_the_log_as_it_is(log: Path, key: str) -> None:
    assert logs.scrub(f"sent {key} there", also=[key]) == "sent *** there"
    assert logs.scrub("nothing of it", also=[key]) == "nothing of it"
