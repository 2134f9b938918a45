"""Whose save it is, how large it may be, and what becomes of one that fails by itself."""

import json
from itertools import cycle
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Pass
from core.domain.permissions import AccountRole
from core.services.review import BlindSession, apply_outbox, apply_saves, open_session
from core.services.review.records.saving import MOST_SAVES
from core.services.team import Actor, acting_as
from core.ui.workbench import _read
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, PHONE, answer, decide, make, records

pytestmark = pytest.mark.both_databases


@pytest.fixture
def dataset(store: Store) -> DatasetView:
    dataset = make(store, 6)
    answer(store, dataset, "模型", {index: [{NAME: f"林木{index}"}] for index in range(1, 7)})
    return dataset


def save(chat: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "save_id": str(uuid4()),
        "after_save_id": None,
        "record_id": 0,
        "chat": chat,
        "reviewer": "阿青",
        "base_version": 0,
        "customers": [
            {"values": {NAME: "林木1"}, "confirmed": {NAME: "逐项确认"}, "origin": 0, "pinned": {}, "from": 0}
        ],
        "status": "草稿",
        "note": "",
        "reason": "",
        "seconds": 2.5,
        "made": 1.0,
        "tries": 1,
    } | more


def customer(**more: Any) -> list[dict[str, Any]]:
    return [{"values": {NAME: "林木1"}, "origin": 0} | more]


def names(store: Store, dataset: DatasetView, review_pass: str = Pass.PRIMARY) -> set[str]:
    with store.read() as session:
        found = list(queries.records(session, dataset.id, review_pass=review_pass))
        events = [one for record in found for one in queries.events(session, record.id)]
    return {record.reviewer for record in found} | {one.who for one in events}


@pytest.mark.parametrize("name", ["小白", "阿青 二", "", "阿青\x00"])
def test_nothing_is_stored_under_another_name(store: Store, dataset: DatasetView, name: str) -> None:
    workbench = open_session(store, dataset, FORM, reviewer="阿青")
    acks = workbench.save(store, [save(1, reviewer=name), save(2)])
    assert names(store, dataset) == {"阿青"} and acks[-1].result == "saved"
    if name == "小白":
        assert acks[0].result == "set_aside" and "小白" in acks[0].why and "阿青" in acks[0].why
        # The work waits in the browser; when that name is back it is stored, once.
        theirs = save(1, reviewer=name)
        again = open_session(store, dataset, FORM, reviewer="小白").save(store, [theirs, theirs])
        assert [ack.result for ack in again] == ["saved", "saved"]
        assert records(store, dataset)[1].reviewer == "小白"


def test_nobody_reviews_in_the_name_of_a_threshold(store: Store, dataset: DatasetView) -> None:
    (ack,) = open_session(store, dataset, FORM, reviewer=queries.PASSED_BY).save(
        store, [save(reviewer=queries.PASSED_BY)]
    )
    assert ack.result == "rejected" and "程序自己用的称呼" in ack.why and names(store, dataset) == set()


def test_nobody_and_blind_and_delta_sessions_keep_to_the_name_as_well(store: Store, dataset: DatasetView) -> None:
    assert open_session(store, dataset, FORM).save(store, [save()])[0].result == "set_aside"
    decide(store, dataset, 1, "已确认", who="小白")
    assert BlindSession(dataset, FORM, "阿青").save(store, [save(reviewer="小黑")])[0].result == "set_aside"
    assert not names(store, dataset, Pass.SECOND)
    assert BlindSession(dataset, FORM, "阿青").save(store, [save()])[0].result == "saved"
    assert names(store, dataset, Pass.SECOND) == {"阿青"}
    delta = open_session(store, dataset, FORM, reviewer="阿青", newer="模型")
    assert delta.save(store, [save(reviewer="小黑", base_version=1)])[0].result == "set_aside"


def test_a_blind_review_is_decided_once(store: Store, dataset: DatasetView) -> None:
    """Afterwards the first review is shown: a second one that is changed then would not be blind."""
    decide(store, dataset, 1, "已确认", who="小白")
    blind = BlindSession(dataset, FORM, "阿青")
    for version, status in enumerate(("草稿", "待讨论", "已跳过", "未审阅", "草稿", "已确认")):
        assert blind.save(store, [save(status=status, base_version=version)])[0].result == "saved"
        with acting_as(Actor("阿青", AccountRole.REVIEWER, 1)), store.read() as session:
            shown = [record.reviewer for record in queries.records(session, dataset.id)]
        assert shown == (["小白"] if status == "已确认" else []), status
    for status in ("草稿", "待讨论", "已确认"):
        (ack,) = blind.save(store, [save(status=status, base_version=6, undo=True)])
        assert ack.result == "set_aside" and "确认过" in ack.why


def test_an_undo_decides_nothing_in_the_name_of_somebody_else(store: Store, dataset: DatasetView) -> None:
    assert apply_saves(store, FORM, dataset.id, [save(reviewer="小白")])[0].result == "saved"
    assert apply_saves(store, FORM, dataset.id, [save(base_version=1, note="接着做")])[0].result == "saved"
    made_up = [{"values": {NAME: "别的"}, "confirmed": {NAME: "逐项确认"}, "origin": 0, "pinned": {}, "from": 0}]
    undone = save(base_version=2, undo=True, status="已确认", customers=made_up)
    assert apply_saves(store, FORM, dataset.id, [undone])[0].result == "saved"
    assert records(store, dataset)[1].reviewer == "阿青"  # who decided it, not who began it


def test_one_that_fails_by_itself_is_set_aside_and_the_rest_goes_on(store: Store, dataset: DatasetView) -> None:
    with store.write() as session:  # the database refuses what only this save does: whatever else may be wrong with one
        if store.engine.dialect.name == "sqlite":
            session.execute(
                text(
                    "CREATE TRIGGER refuse BEFORE INSERT ON record WHEN NEW.note = 'refuse' "
                    "BEGIN SELECT RAISE(ABORT, 'refused'); END"
                )
            )
        else:
            session.execute(text("ALTER TABLE record ADD CONSTRAINT refuse CHECK (note <> 'refuse')"))
    workbench = open_session(store, dataset, FORM, reviewer="阿青")
    bad = save(1, note="refuse")
    acks = workbench.save(store, [bad, save(2), bad, save(3)])
    assert [ack.result for ack in acks] == ["set_aside", "saved", "set_aside", "saved"]
    assert "本机" in acks[0].why and acks[0].why.endswith("。")
    assert sorted(records(store, dataset)) == [2, 3]


def test_while_the_database_is_away_everything_waits(store: Store, dataset: DatasetView) -> None:
    workbench = open_session(store, dataset, FORM, reviewer="阿青")
    outbox = [save(1), save(2, customers=[{}] * 99), save(3)]
    away = True

    def refuse(connection: Any, *_: Any) -> None:
        if away and store.engine.dialect.name == "sqlite":
            raise OSError("no space left on device")
        if away:
            connection.invalidate()

    event.listen(store.engine, "before_cursor_execute", refuse)
    try:
        assert workbench.save(store, outbox) == []
    finally:
        away = False
        event.remove(store.engine, "before_cursor_execute", refuse)
    assert [ack.result for ack in workbench.save(store, outbox)] == ["saved", "rejected", "saved"]


@pytest.mark.parametrize(
    ("broken", "word"),
    [
        ({"customers": customer() * 51}, "最多 50 位客户"),
        ({"customers": customer(values={NAME: "字" * 20_001})}, "一个值最多"),
        ({"customers": customer(values={"咨询类型": ["项"] * 501})}, "一个列表最多"),
        ({"customers": customer(values={f"字段{n}": "" for n in range(600)})}, "一个列表最多"),
        ({"customers": customer(values={NAME: 10**5000})}, "数字太大"),
        ({"customers": customer(values={NAME: json.loads("[" * 900 + "]" * 900)})}, "太深"),
        ({"customers": [{"values": {NAME: "字" * 20_000, "咨询类型": ["字" * 20_000] * 10}}] * 50}, "一次保存最多"),
        ({"customers": customer(origin=2**70)}, "数字太大"),
        ({"customers": customer(origin="0")}, "客户"),
        ({"customers": customer(pinned={NAME: ["x"]})}, "客户"),
        ({"customers": customer(confirmed={NAME: "看过了"})}, "客户"),
        ({"customers": customer(values=[1])}, "客户"),
        ({"note": "字" * 4001}, "备注最多"),
        ({"reason": "字" * 401}, "原因最多"),
        ({"reviewer": "字" * 61}, "审阅人"),
        ({"chat": 2**63}, "群聊序号"),
        ({"chat": 0}, "群聊序号"),
        ({"chat": True}, "群聊序号"),
        ({"base_version": 2**31}, "版本"),
        ({"base_version": -1}, "版本"),
        ({"base_run_id": 2**64}, "抽取任务"),
        ({"status": "好了"}, "状态"),
        ({"seconds": "很久"}, "用时"),
        ({"save_id": "bulk-123456789012-1"}, "编号"),
        ({"after_save_id": "上一次"}, "上一次保存的编号"),
    ],
)
def test_too_much_is_refused_with_a_sentence(
    store: Store, dataset: DatasetView, broken: dict[str, Any], word: str
) -> None:
    workbench = open_session(store, dataset, FORM, reviewer="字" * 61 if "reviewer" in broken else "阿青")
    good = save(2, reviewer="阿青")
    acks = workbench.save(store, [save() | broken]) + apply_saves(store, FORM, dataset.id, [good])
    assert [ack.result for ack in acks] == ["rejected", "saved"]
    assert word in acks[0].why and acks[0].why.endswith("。")
    assert sorted(records(store, dataset)) == [2]


def test_what_can_be_mended_is_stored(store: Store, dataset: DatasetView) -> None:
    values = {NAME: "林\x00木\ud8001", PHONE: 138, "咨询类型": [None, 7, "询价\x00"], "没有的": {"a": [1]}}
    pinned = {NAME: [-1, 0, 0, 1, 99, 2**40], "没有的": [0]}
    odd = save(1, customers=customer(values=values, pinned=pinned, origin=7), note="a\x00b", seconds=float("nan"))
    later = [save(n, seconds=s) for n, s in ((2, float("inf")), (3, -5), (4, 1e308), (5, 10**400))]
    acks = open_session(store, dataset, FORM, reviewer="阿青").save(store, [odd, *later])
    assert [ack.result for ack in acks] == ["saved"] * 5
    assert "已去掉" in acks[0].why and not acks[1].why
    stored = records(store, dataset)
    [one] = stored[1].customers
    assert (one["values"][NAME], one["values"][PHONE], one["values"]["咨询类型"]) == ("林木1", "138", ["7", "询价"])
    assert one["pinned"] == {NAME: [0, 1]} and one["source"] is None and stored[1].note == "ab"
    assert [stored[n].seconds for n in range(1, 6)] == [0, 86_400, 0, 86_400, 86_400]
    with store.read() as session:
        assert "已去掉" in queries.events(session, stored[1].id)[0].reason


def test_a_giant_outbox_is_taken_in_portions(store: Store) -> None:
    dataset = make(store, MOST_SAVES + 30)
    workbench = open_session(store, dataset, FORM, reviewer="阿青")
    outbox = [save(chat) for chat in range(1, MOST_SAVES + 31)]
    acks = apply_outbox(workbench, store, outbox, {})
    assert len(acks) == MOST_SAVES
    left = [one for one in outbox if one["save_id"] not in acks]
    assert len(apply_outbox(workbench, store, left, acks)) == 30
    assert len(records(store, dataset)) == MOST_SAVES + 30


def test_the_log_does_not_say_what_was_typed(
    store: Store, dataset: DatasetView, caplog: pytest.LogCaptureFixture
) -> None:
    workbench = open_session(store, dataset, FORM, reviewer="阿青")
    workbench.save(store, [save(customers=customer(values={NAME: "秘密的名字"}, confirmed={NAME: "13800001234"}))])
    assert caplog.text and "秘密" not in caplog.text and "13800001234" not in caplog.text


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**62, max_value=2**80)
    | st.floats()
    | st.text(st.characters(codec=None), max_size=12)
    | st.sampled_from(["\x00", "\ud800", "草稿", "已确认", "阿青", "逐项确认", NAME]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(codec=None), max_size=8) | st.sampled_from([NAME, PHONE]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
_FIELDS = st.sampled_from(
    ["save_id", "after_save_id", "chat", "reviewer", "base_version", "base_run_id", "customers", "status", "note"]
    + ["reason", "undo", "seconds", "review", "record_id"]
)
_SAVES = st.one_of(
    _JSON,
    st.builds(lambda name, value: save() | {name: value}, _FIELDS, _JSON),
    st.builds(lambda name, value: save(customers=customer(**{name: value})),
              st.sampled_from(["values", "confirmed", "origin", "pinned"]), _JSON),
)  # fmt: skip
_MESSAGES = _JSON | st.fixed_dictionaries(
    {}, optional={"outbox": st.lists(_SAVES, max_size=4) | _JSON, "at": _JSON, "want_residue": _JSON, "beat": _JSON}
)


def test_malformed_messages_raise_nothing_and_block_nothing(store: Store, dataset: DatasetView) -> None:
    workbenches = cycle(
        [
            open_session(store, dataset, FORM, reviewer="阿青", narrow={"queue": "全部"}),
            open_session(store, dataset, FORM, reviewer="阿青", newer="模型"),
            BlindSession(dataset, FORM, "阿青"),
        ]
    )

    # PostgreSQL refuses more: NUL, halves of characters, whole numbers of more than 64 bits.
    examples = 60 if store.path is None else 30

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(message=_MESSAGES)
    def send(message: Any) -> None:
        browser, workbench = _read(message), next(workbenches)
        good = save(6)
        outbox = [*browser.outbox, good]
        acks = apply_outbox(workbench, store, outbox, {})
        is_blind = isinstance(workbench, BlindSession)  # chat 6 has no first review: it is nobody's to second
        assert acks[good["save_id"]].result in ({"set_aside"} if is_blind else {"saved", "conflict"})
        payload = workbench.sync(
            store, outbox=outbox, acks=list(acks.values()), at=browser.at, want_residue=browser.want_residue
        )
        json.dumps(payload).encode("utf-8")

    send()
    assert names(store, dataset) | names(store, dataset, Pass.SECOND) <= {"阿青"}


def test_blanks_around_a_name_make_nobody_else(store: Store, dataset: DatasetView) -> None:
    session = open_session(store, dataset, FORM, reviewer="阿青")
    (ack,) = session.save(store, [save(reviewer="阿青 ")])
    assert ack.result == "saved"
    assert names(store, dataset) == {"阿青"}
