"""Discussions are written once, by who they say, and read as they stand; whoever is mentioned is counted."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlmodel import Session, col

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.db import READING
from core.adapters.store.models import AuditEntry, Discussion, DiscussionEvent, Record, now
from core.domain.permissions import AccountRole
from core.errors import ConflictError, InputError, NotFoundError, PermissionDeniedError
from core.services.discussion import known_people, remarks
from core.services.discussion.remark_types import MOST_COMMENT, MOST_EVENTS, Remark, RemarkAck
from core.services.discussion.remarks import add_remark, apply_remarks
from core.services.discussion.threads import DiscussionView, OpenCounts, discussions_in, open_counts, speakers_of
from core.services.review import apply_saves
from core.services.team import Actor, acting_as, viewing_as
from tests.factories.datasets import FORM, make_dataset, make_record
from tests.factories.quality import NAME, STAGE
from tests.services.team.test_roles import save

pytestmark = pytest.mark.both_databases


@pytest.fixture
def dataset(store: Store) -> DatasetView:
    made = make_dataset(store, [f"林舟{n}：多少钱\n客服小何：稍后" for n in range(1, 4)])
    for index, reviewer in enumerate(("王芳", "林晓"), 1):
        make_record(store, made, index, [{NAME: f"林舟{index}"}], reviewer=reviewer)
    return made


def remark(chat: int = 1, **what: Any) -> Remark:
    return Remark(**{"id": str(uuid4()), "chat": chat, "field": STAGE, "customer": 0, "customer_name": "林舟1", **what})


def say(store: Store, dataset: DatasetView, text: str, who: str = "王芳", **what: Any) -> RemarkAck:
    return add_remark(store, dataset.id, remark(text=text, **what), who=who)


def all_of(store: Store, dataset: DatasetView) -> list[DiscussionView]:
    with store.read() as session:
        return discussions_in(session, dataset.id)


def lines(view: DiscussionView) -> list[tuple[str, str, str]]:
    return [(turn.who, turn.step, turn.text) for turn in view.turns]


def test_of_two_customers_of_one_name_each_has_their_own(store: Store, dataset: DatasetView) -> None:
    first = say(store, dataset, "这个电话是谁的？", of_several=True)
    other = say(store, dataset, "那这个呢？", customer=1, of_several=True)
    assert first.discussion != other.discussion == say(store, dataset, "他的", customer=1, of_several=True).discussion
    assert [(view.customer, len(view.turns)) for view in all_of(store, dataset)] == [(0, 1), (1, 2)]


def test_a_comment_opens_a_discussion_and_the_next_one_goes_on_in_it(store: Store, dataset: DatasetView) -> None:
    first = say(store, dataset, "报价算不算方案交流？ @林晓")
    again = say(store, dataset, "算", who="林晓")
    assert first.discussion == again.discussion
    (view,) = all_of(store, dataset)
    assert lines(view) == [("王芳", "评论", "报价算不算方案交流？ @林晓"), ("林晓", "评论", "算")]
    assert (view.chat, view.field, view.customer, view.customer_name, view.is_open) == (1, STAGE, 0, "林舟1", True)


def test_a_remark_is_applied_once_however_often_it_is_sent(store: Store, dataset: DatasetView) -> None:
    sent = [remark(text="一次", reviewer="王芳").model_dump()]
    first = apply_remarks(store, dataset.id, sent, reviewer="王芳")
    assert apply_remarks(store, dataset.id, sent, reviewer="王芳") == first
    (view,) = all_of(store, dataset)
    assert lines(view) == [("王芳", "评论", "一次")]


def test_nobody_says_anything_under_another_name(store: Store, dataset: DatasetView) -> None:
    sent = [remark(text="不是我", reviewer="王芳").model_dump()]
    (ack,) = apply_remarks(store, dataset.id, sent, reviewer="林晓")
    assert ack.result == "set_aside" and "王芳" in ack.why
    with acting_as(Actor("林晓", AccountRole.REVIEWER, 1)), pytest.raises(PermissionDeniedError, match="林晓"):
        add_remark(store, dataset.id, remark(text="不是我"), who="王芳")
    assert all_of(store, dataset) == []


def test_who_is_mentioned_waits_until_they_answer_or_it_is_resolved(store: Store, dataset: DatasetView) -> None:
    say(store, dataset, "@林晓 看一下")
    say(store, dataset, "整条", chat=2, field="", customer=None)
    assert open_counts(store, "林晓") == {dataset.id: OpenCounts(2, 1)}
    assert open_counts(store, "王芳") == {dataset.id: OpenCounts(2, 0)}
    say(store, dataset, "看了", who="林晓")
    assert open_counts(store, "林晓") == {dataset.id: OpenCounts(2, 0)}
    say(store, dataset, "再问 @林晓")
    say(store, dataset, "", kind="解决")
    assert open_counts(store, "林晓") == {dataset.id: OpenCounts(1, 0)}


def test_a_mention_of_nobody_is_said(store: Store, dataset: DatasetView) -> None:
    assert "「小李」" in say(store, dataset, "@小李 @林晓 看").why
    assert say(store, dataset, "@林晓 看").why == ""


def test_mentions_are_looked_for_before_anybody_waits_for_the_database(
    store: Store, dataset: DatasetView, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_reading: list[bool] = []

    def noted(session: Session, dataset_id: int) -> list[str]:
        is_reading.append(READING in session.info)
        return known_people(session, dataset_id)

    monkeypatch.setattr(remarks, "known_people", noted)
    say(store, dataset, "@" * (MOST_COMMENT - 3) + "@林晓")
    target = all_of(store, dataset)[0].turns[0].id
    for kind, text in (("修改", "@林晓"), ("删除", ""), ("恢复", ""), ("解决", "@林晓 好")):
        say(store, dataset, text, kind=kind, target=target)
    assert is_reading == [True] * 5


def test_resolved_and_opened_again_with_who_and_when(store: Store, dataset: DatasetView) -> None:
    say(store, dataset, "问")
    say(store, dataset, "定了", kind="解决", who="林晓")
    (view,) = all_of(store, dataset)
    assert (view.is_open, view.resolved_by) == (False, "林晓") and view.resolved_at is not None
    say(store, dataset, "", kind="重开")
    (view,) = all_of(store, dataset)
    assert (view.is_open, view.resolved_by) == (True, "")
    assert [line[1:] for line in lines(view)] == [("评论", "问"), ("评论", "定了"), ("解决", ""), ("重开", "")]


def test_a_comment_on_what_is_resolved_opens_it_again_and_that_is_said(store: Store, dataset: DatasetView) -> None:
    say(store, dataset, "问")
    say(store, dataset, "", kind="解决", who="林晓")
    again = remark(text="还有一句 @林晓")
    ack = add_remark(store, dataset.id, again, who="王芳")
    assert ack.why == "林晓 刚刚解决了这处讨论，您的评论把它重开了；没有别的事就再解决它。"
    assert add_remark(store, dataset.id, again, who="王芳") == ack, "whose answer is lost on the way is told the same"
    assert open_counts(store, "林晓")[dataset.id] == OpenCounts(1, 1)
    say(store, dataset, "", kind="解决", who="林晓")
    known = say(store, dataset, "知道已解决，再问", seen_open=False)
    assert known.why == "林晓 解决了这处讨论，您的评论把它重开了；没有别的事就再解决它。"
    say(store, dataset, "", kind="解决", who="林晓")
    assert "已经由 林晓 解决" in say(store, dataset, "", kind="解决").why
    (view,) = all_of(store, dataset)
    assert not view.is_open
    assert [line[1] for line in lines(view)] == ["评论", "解决", "评论", "重开", "解决", "评论", "重开", "解决"]
    late = remark(text="一样", kind="解决")
    told = add_remark(store, dataset.id, late, who="王芳")
    assert told.why == "这处讨论已经由 林晓 解决，您的评论已记在后面。"
    nobody = remark(text="@王芬", discussion=told.discussion, field="", customer=None)
    said = add_remark(store, dataset.id, nobody, who="王芳")
    assert "重开" in said.why and "没有叫「王芬」的审阅人" in said.why
    for one, ack in ((late, told), (nobody, said)):
        assert add_remark(store, dataset.id, one, who="王芳") == ack


def test_ids_that_begin_alike_are_told_apart(store: Store, dataset: DatasetView) -> None:
    say(store, dataset, "问")
    ids = ["x" * 60 + end for end in ("+c", "a", "b")]
    sent = [
        remark(id=number, kind=kind, text=f"定了{number[-1]}", reviewer="王芳").model_dump()
        for number, kind in zip(ids, ("评论", "解决", "重开"), strict=True)
    ]
    acks = apply_remarks(store, dataset.id, sent, reviewer="王芳")
    assert [ack.result for ack in acks] == ["saved"] * 3
    (view,) = all_of(store, dataset)
    assert [line[2] for line in lines(view) if line[2]] == ["问", "定了c", "定了a", "定了b"]


def test_what_goes_at_this_very_moment_is_refused_with_a_sentence(
    store: Store, dataset: DatasetView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: Any, **__: Any) -> None:
        raise IntegrityError("INSERT", {}, Exception("FOREIGN KEY constraint failed"))

    monkeypatch.setattr(remarks, "append_step", lose)
    sent = [remark(text="问", reviewer="王芳").model_dump()]
    (ack,) = apply_remarks(store, dataset.id, sent, reviewer="王芳")
    assert (ack.result, ack.why) == ("refused", "这处讨论刚刚有变化，这一步没有存进去。请再做一次。")


@pytest.mark.parametrize(
    ("error", "answered"),
    [
        (TypeError("by itself"), ["refused", "saved"]),
        (DataError("INSERT", {}, Exception("out of range")), ["refused", "saved"]),
        (OperationalError("INSERT", {}, Exception("disk I/O error")), []),
    ],
)
def test_one_that_fails_by_itself_holds_up_none_behind_it(
    store: Store, dataset: DatasetView, monkeypatch: pytest.MonkeyPatch, error: Exception, answered: list[str]
) -> None:
    append_step = remarks.append_step

    def fail(*given: Any, **what: Any) -> Any:
        if what["text"] == "坏":
            raise error
        return append_step(*given, **what)

    monkeypatch.setattr(remarks, "append_step", fail)
    sent = [remark(text=text, reviewer="王芳").model_dump() for text in ("坏", "好")]
    acks = apply_remarks(store, dataset.id, sent, reviewer="王芳")
    assert [ack.result for ack in acks] == answered
    assert all(ack.id[:8] in ack.why for ack in acks if ack.result == "refused")


def test_no_remark_is_taken_for_what_a_save_brought_along(store: Store, dataset: DatasetView) -> None:
    for number in ("save:12345678", "done:12345678"):
        sent = {**remark(text="问", reviewer="王芳").model_dump(), "id": number}
        (ack,) = apply_remarks(store, dataset.id, [sent], reviewer="王芳")
        assert (ack.id, ack.result) == (number, "refused")
    assert all_of(store, dataset) == []


def test_what_a_blind_reviewer_writes_is_theirs_until_they_have_decided(store: Store, dataset: DatasetView) -> None:
    what = remark(text="金额怎么算？ @王芳")
    ack = add_remark(store, dataset.id, what, who="周遥", review_pass="second")
    for reader, seen in (("王芳", 0), ("何静", 0), ("周遥", 1)):
        with viewing_as(reader):
            assert len(all_of(store, dataset)) == seen, reader
            assert open_counts(store, reader) == ({dataset.id: OpenCounts(1, 0)} if seen else {}), reader
    with pytest.raises(NotFoundError):
        say(store, dataset, "我看到了", discussion=ack.discussion)
    make_record(store, dataset, 1, [{NAME: "林舟1"}], reviewer="周遥", review_pass="second")
    with viewing_as("王芳"):
        assert len(all_of(store, dataset)) == 1
        assert open_counts(store, "王芳") == {dataset.id: OpenCounts(1, 1)}
    say(store, dataset, "按总价", discussion=ack.discussion)


def test_everybody_changes_their_own_comments_alone(store: Store, dataset: DatasetView) -> None:
    say(store, dataset, "@林晓 看")
    (view,) = all_of(store, dataset)
    target = view.turns[0].id
    with pytest.raises(PermissionDeniedError, match="不能替别人改"):
        say(store, dataset, "改", kind="修改", target=target, who="林晓")
    say(store, dataset, "不用看了", kind="修改", target=target)
    assert open_counts(store, "林晓")[dataset.id].mine == 0
    (view,) = all_of(store, dataset)
    assert view.turns[0].text == "不用看了" and view.turns[0].edited_at is not None
    with acting_as(Actor("林晓", AccountRole.REVIEWER, 1)), pytest.raises(PermissionDeniedError, match="只有本人"):
        say(store, dataset, "", kind="删除", target=target, who="林晓")


def test_a_deleted_comment_shows_nothing_and_comes_back(store: Store, dataset: DatasetView) -> None:
    say(store, dataset, "@林晓 看")
    say(store, dataset, "好", who="林晓")
    target = all_of(store, dataset)[0].turns[0].id
    say(store, dataset, "", kind="删除", target=target)
    (view,) = all_of(store, dataset)
    assert (view.turns[0].text, view.turns[0].deleted_by, view.comments) == ("", "王芳", 1)
    say(store, dataset, "", kind="恢复", target=target)
    (view,) = all_of(store, dataset)
    assert (view.turns[0].text, view.turns[0].deleted_by, view.comments) == ("@林晓 看", "", 2)


def test_a_lead_deletes_others_comments_and_that_is_written_down(store: Store, dataset: DatasetView) -> None:
    say(store, dataset, "不该写的")
    target = all_of(store, dataset)[0].turns[0].id
    with acting_as(Actor("组长", AccountRole.LEAD, 2)):
        say(store, dataset, "", kind="删除", target=target, who="组长")
    assert all_of(store, dataset) == [] and open_counts(store, "") == {}
    with store.read() as session:
        (entry,) = session.execute(select(AuditEntry)).scalars()
        assert (entry.who, entry.kind) == ("组长", "删除") and "王芳" in entry.detail and "不该写的" not in entry.detail


def test_nothing_is_no_comment(store: Store, dataset: DatasetView) -> None:
    for text in ("", "  \n", "\u200b\u202e"):
        with pytest.raises(InputError, match="还没有写什么"):
            say(store, dataset, text)
    with pytest.raises(NotFoundError, match="先写一条评论"):
        say(store, dataset, "", kind="解决")
    with pytest.raises(InputError, match="是谁"):
        say(store, dataset, "好", who="")
    with pytest.raises(NotFoundError, match="第 9 条"):
        say(store, dataset, "好", chat=9)
    with store.read() as session:
        assert session.execute(select(Discussion)).first() is None


@pytest.mark.parametrize(
    "text", ["<b>&</b> ![x](http://a/b) $x$ :smile:", "שלום \u202eabc", "👩\u200d👩\u200d👧 好", "字" * MOST_COMMENT]
)
def test_any_text_is_kept_as_it_is(store: Store, dataset: DatasetView, text: str) -> None:
    say(store, dataset, text)
    assert all_of(store, dataset)[0].turns[0].text == text


def test_what_is_too_long_or_no_remark_is_refused_with_a_sentence(store: Store, dataset: DatasetView) -> None:
    sent = [
        remark(text="好", reviewer="王芳").model_dump() | {"text": "字" * (MOST_COMMENT + 1)},
        {"id": "nothing-else"},
        "not even that",
        remark(text="其余照常\x00", reviewer="王芳").model_dump(),
    ]
    acks = apply_remarks(store, dataset.id, sent, reviewer="王芳")
    assert [ack.result for ack in acks] == ["refused", "refused", "saved"]
    assert "20,000" in acks[0].why and "刷新" in acks[1].why
    assert all_of(store, dataset)[0].turns[0].text == "其余照常"


def test_a_full_discussion_is_still_changed_and_resolved(
    store: Store, dataset: DatasetView, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = say(store, dataset, "头一句，电话 13800000001").discussion
    filler = [
        {"discussion_id": number, "kind": "评论", "who": "林晓", "text": "句", "save_id": f"filler-{turn}", "at": now()}
        for turn in range(MOST_EVENTS)
    ]
    with store.write() as session:
        session.execute(insert(DiscussionEvent), filler)
    first = all_of(store, dataset)[0].turns[0].id
    with pytest.raises(ConflictError, match="不能再评论"):
        say(store, dataset, "再一句")
    say(store, dataset, "头一句", kind="修改", target=first)
    say(store, dataset, "", kind="删除", target=first)
    say(store, dataset, "", kind="恢复", target=first)
    say(store, dataset, "就这样", kind="解决")
    view = all_of(store, dataset)[0]
    assert not view.is_open and view.turns[0].text == "头一句" and view.turns[-2].text == "就这样"
    say(store, dataset, "", kind="重开")
    assert all_of(store, dataset)[0].is_open
    monkeypatch.setattr(remarks, "MOST_CHANGES", MOST_EVENTS)
    with pytest.raises(ConflictError, match="不能再修改"):
        say(store, dataset, "又一遍", kind="修改", target=first)
    say(store, dataset, "", kind="删除", target=first)


def test_customers_are_told_apart_by_name_then_by_place(store: Store, dataset: DatasetView) -> None:
    first = say(store, dataset, "一")
    moved = say(store, dataset, "同一位，换了位置", customer=1)
    other = say(store, dataset, "另一位", customer=0, customer_name="周遥")
    nameless = say(store, dataset, "还没有名字", customer=2, customer_name="")
    whole = say(store, dataset, "整条", customer=None, customer_name="", field="")
    assert first.discussion == moved.discussion
    assert len({first.discussion, other.discussion, nameless.discussion, whole.discussion}) == 4


def saved(store: Store, dataset: DatasetView, chat: int, who: str, status: str, **more: Any) -> str:
    with store.read() as session:
        chat_id = queries.chat_ids(session, dataset.id)[chat]
        record = session.execute(select(Record).where(col(Record.chat_id) == chat_id)).scalar_one_or_none()
        version = record.version if record is not None else 0
    raw = save(chat, who, version=version, status=status) | more
    (ack,) = apply_saves(store, FORM, dataset.id, [raw], reviewer=who)
    assert ack.result == "saved", ack.why
    return ack.save_id


def test_a_chat_put_up_for_discussion_opens_one_with_the_note(store: Store, dataset: DatasetView) -> None:
    saved(store, dataset, 3, "王芳", "待讨论", note="口径不清 @林晓")
    (view,) = all_of(store, dataset)
    assert lines(view) == [("王芳", "评论", "口径不清 @林晓")]
    assert (view.customer, view.field, open_counts(store, "林晓")[dataset.id]) == (None, "", OpenCounts(1, 1))
    saved(store, dataset, 3, "王芳", "待讨论", note="口径不清 @林晓")
    assert len(all_of(store, dataset)[0].turns) == 1
    saved(store, dataset, 3, "林晓", "已确认", note="口径不清 @林晓")
    assert all_of(store, dataset)[0].is_open, "somebody else had asked: it is for them to resolve"


def test_who_approves_answers_what_they_alone_had_asked(store: Store, dataset: DatasetView) -> None:
    saved(store, dataset, 3, "王芳", "待讨论")
    assert all_of(store, dataset)[0].turns[0].text == ""
    saved(store, dataset, 3, "王芳", "已确认")
    assert not all_of(store, dataset)[0].is_open
    saved(store, dataset, 3, "王芳", "待讨论", undo=True)
    assert all_of(store, dataset)[0].is_open


def test_an_answer_that_was_deleted_answers_nothing(store: Store, dataset: DatasetView) -> None:
    saved(store, dataset, 3, "王芳", "待讨论", note="口径？")
    whole: dict[str, Any] = {"chat": 3, "customer": None, "customer_name": "", "field": ""}
    say(store, dataset, "别问我", who="林晓", **whole)
    answer = all_of(store, dataset)[0].turns[-1].id
    say(store, dataset, "", who="林晓", kind="删除", target=answer, **whole)
    assert speakers_of(all_of(store, dataset)[0].turns) == {"王芳"}
    saved(store, dataset, 3, "王芳", "已确认")
    assert not all_of(store, dataset)[0].is_open, "as the desk says before the approval"


def test_undoing_takes_the_note_back_unless_somebody_answered(store: Store, dataset: DatasetView) -> None:
    saved(store, dataset, 3, "王芳", "待讨论", note="问")
    saved(store, dataset, 3, "王芳", "未审阅", undo=True)
    assert all_of(store, dataset) == []
    saved(store, dataset, 3, "王芳", "待讨论", note="再问")
    say(store, dataset, "答", who="林晓", chat=3, customer=None, customer_name="", field="")
    saved(store, dataset, 3, "王芳", "未审阅", undo=True)
    assert [line[2] for line in lines(all_of(store, dataset)[0])] == ["再问", "答"]


def test_a_thousand_comments_are_read_in_order(store: Store, dataset: DatasetView) -> None:
    number = say(store, dataset, "0").discussion
    with store.write() as session:
        for count in range(1, 1000):
            session.add(
                DiscussionEvent(discussion_id=number, kind="评论", who="林晓", text=str(count), save_id=f"many-{count}")
            )
    (view,) = all_of(store, dataset)
    assert [turn.text for turn in view.turns] == [str(count) for count in range(1000)]
