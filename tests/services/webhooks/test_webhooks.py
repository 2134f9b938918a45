"""Webhooks: decisions are told, signed, again until they were taken; nothing is lost, or sent where it must not be."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.adapters import http_post
from core.adapters.store import DatasetView, Store, open_store
from core.adapters.store.models import WebhookMessage, now
from core.domain.permissions import AccountRole
from core.errors import ConflictError, InputError, NotFoundError, SettingsError, ShiyaoError
from core.services.review.records import bulk
from core.services.review.records.bulk_plan import CellEdit, plan_edits
from core.services.review.records.saving import apply_saves
from core.services.team import Actor, acting_as, audit_entries
from core.services.webhooks import (
    WebhookSender,
    add_webhook,
    delete_webhook,
    send_again,
    set_webhook_disabled,
    webhook_messages,
    webhooks,
)
from core.services.webhooks.delivery import LEASE, WAITS, deliver_due, waiting_messages
from core.services.webhooks.signature import sign, signature_fits
from tests.factories.datasets import FORM, make_dataset, make_form
from tests.factories.quality import NAME, TODO
from tests.fakes.loopback_server import LoopbackServer
from tests.services.team.test_roles import save

SECRET = "a-secret-that-nobody-can-guess"
WHO = Actor("王芳", AccountRole.ADMINISTRATOR, 1)


class Receiver(LoopbackServer):
    """Another program on this machine; keeps what it gets and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.messages: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.odd_header = ""
        self.drips = False
        self.ended = threading.Event()
        self.came = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/decided?from=shiyao"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.messages.append(({name.lower(): value for name, value in self.headers.items()}, body))
        if self.server.drips:
            while not self.server.ended.wait(0.01):
                with suppress(OSError):
                    self.wfile.write(b"H")
            return
        self.send_response(self.server.status)
        self.send_header("x-odd", self.server.odd_header)
        self.send_header("location", "/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()
        self.server.came.set()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    server = Receiver().started()
    yield server
    server.ended.set()
    server.stop()


@pytest.fixture
def dataset(store: Store) -> DatasetView:
    return make_dataset(store, ["林舟：你好\n客服小何：好的"] * 3, "甲")


def decide(store: Store, dataset: DatasetView, chat: int, status: str = "已确认") -> None:
    customer = {"values": make_form({NAME: "林舟"}), "origin": None, "confirmed": {}}
    decided = save(chat, WHO.name, status=status) | {"customers": [customer]}
    with acting_as(WHO):
        (ack,) = apply_saves(store, FORM, dataset.id, [decided], base_run_id=None)
    assert ack.result == "saved", ack.why


@pytest.mark.both_databases
def test_a_decision_is_told_once_signed_and_without_what_it_says(
    store: Store, dataset: DatasetView, receiver: Receiver
) -> None:
    decide(store, dataset, 3)
    add_webhook(store, "客户系统", receiver.url)
    decide(store, dataset, 1)
    assert receiver.messages == [], "nothing is sent while somebody saves"
    assert deliver_due(store) == 1 and deliver_due(store) == 0
    ((headers, body),) = receiver.messages
    said = json.loads(body)
    assert said["type"] == "record.decided"
    assert said["data"] == {
        "dataset_id": dataset.id,
        "dataset": "甲",
        "chat": 1,
        "review": "primary",
        "status": "已确认",
        "version": 1,
        "who": "王芳",
    }
    assert "authorization" not in headers and "林舟" not in body.decode()
    assert signature_fits(SECRET.encode(), headers, body, seconds=now().timestamp())
    (message,) = webhook_messages(store, "客户系统")
    assert (message.state, message.attempts, message.message_id) == ("已送达", 1, headers["webhook-id"])


@pytest.mark.both_databases
def test_drafts_are_no_decisions_and_bulk_changes_of_decided_records_are(
    store: Store, dataset: DatasetView, receiver: Receiver
) -> None:
    add_webhook(store, "客户系统", receiver.url)
    decide(store, dataset, 1, "草稿")
    assert webhook_messages(store, "客户系统") == []
    decide(store, dataset, 2, "待讨论")
    decide(store, dataset, 3)
    with acting_as(WHO):
        plan = plan_edits(store, FORM, dataset.id, [CellEdit(3, 0, TODO, "改了")])
        bulk.apply(store, FORM, plan, who=WHO.name, reason="统一")
    deliver_due(store)
    told = [json.loads(body)["data"] for _, body in receiver.messages]
    assert [(one["chat"], one["status"], one["version"]) for one in told] == [
        (2, "待讨论", 1),
        (3, "已确认", 1),
        (3, "已确认", 2),
    ]


def test_what_is_rolled_back_is_told_nobody(store: Store, dataset: DatasetView, receiver: Receiver) -> None:
    add_webhook(store, "客户系统", receiver.url)
    decide(store, dataset, 1)
    with acting_as(WHO):
        (ack,) = apply_saves(store, FORM, dataset.id, [save(1, WHO.name) | {"base_version": 7}], base_run_id=None)
    assert ack.result == "conflict"
    assert len(webhook_messages(store, "客户系统")) == 1


@pytest.mark.both_databases
def test_what_was_not_taken_is_sent_again_ever_later_and_given_up_at_last(
    store: Store, dataset: DatasetView, receiver: Receiver
) -> None:
    add_webhook(store, "客户系统", receiver.url)
    decide(store, dataset, 1)
    assert waiting_messages(store) == 1
    set_webhook_disabled(store, "客户系统", True)
    assert waiting_messages(store) == 0, "nobody waits for it"
    set_webhook_disabled(store, "客户系统", False)
    receiver.status = 500
    moment = now()
    for attempt, wait in enumerate(WAITS, 1):
        assert deliver_due(store, moment=moment) == 0
        (message,) = webhook_messages(store, "客户系统")
        assert (message.state, message.attempts, message.problem) == ("等待", attempt, "对方回答 500")
        assert deliver_due(store, moment=moment + wait - timedelta(seconds=1)) == 0
        assert len(receiver.messages) == attempt, "not before its time"
        moment += wait
    deliver_due(store, moment=moment)
    (message,) = webhook_messages(store, "客户系统")
    assert message.state == "已放弃" and len(receiver.messages) == len(WAITS) + 1
    assert waiting_messages(store) == 0
    assert len({headers["webhook-id"] for headers, _ in receiver.messages}) == 1, "its receiver can tell it is the same"
    assert deliver_due(store, moment=moment + timedelta(days=9)) == 0
    assert webhooks(store)[0].given_up == 1
    receiver.status = 200
    assert send_again(store, "客户系统") == 1 and deliver_due(store) == 1


def test_a_restart_loses_nothing(store: Store, dataset: DatasetView, receiver: Receiver, tmp_path: Path) -> None:
    add_webhook(store, "客户系统", receiver.url)
    decide(store, dataset, 1)
    with store.write() as session:  # as a process leaves it that dies while it sends
        session.execute(select(WebhookMessage)).scalar_one().next_at = now() + LEASE
    store.close()
    again = open_store(f"sqlite:///{tmp_path / 'shiyao.db'}")
    assert deliver_due(again) == 0, "somebody may be at it"
    assert deliver_due(again, moment=now() + LEASE) == 1
    again.close()


@pytest.mark.both_databases
def test_many_senders_send_each_message_once(store: Store, dataset: DatasetView, receiver: Receiver) -> None:
    add_webhook(store, "客户系统", receiver.url)
    for chat in (1, 2, 3):
        decide(store, dataset, chat)
    barrier = threading.Barrier(4)

    def send() -> None:
        barrier.wait()
        deliver_due(store)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(json.loads(body)["data"]["chat"] for _, body in receiver.messages) == [1, 2, 3]


def test_an_address_that_fails_holds_up_no_other(store: Store, dataset: DatasetView, receiver: Receiver) -> None:
    other = make_dataset(store, ["甲：好"], "乙")
    add_webhook(store, "坏的", "http://127.0.0.1:9/")
    add_webhook(store, "只要乙", receiver.url, dataset="乙")
    for chat in (1, 2, 3):
        decide(store, dataset, chat)
    decide(store, other, 1)
    assert deliver_due(store) == 1
    assert [json.loads(body)["data"]["dataset"] for _, body in receiver.messages] == ["乙"]
    assert [message.attempts for message in webhook_messages(store, "坏的")] == [0, 0, 0, 1]
    assert webhook_messages(store, "坏的")[-1].problem == "连不上"
    set_webhook_disabled(store, "坏的", True)
    assert deliver_due(store, moment=now() + timedelta(days=1)) == 0
    assert delete_webhook(store, "坏的").waiting == 4
    kinds = [(entry.target, entry.detail.partition("：")[0]) for entry in audit_entries(store, kinds=["回调"])]
    assert kinds == [("坏的", "删除，还有 4 条没有送达"), ("坏的", "停用"), ("只要乙", "新建"), ("坏的", "新建")]


def test_an_answer_counts_whatever_its_headers_hold(store: Store, dataset: DatasetView, receiver: Receiver) -> None:
    receiver.odd_header = "\xff\xe9"
    add_webhook(store, "客户系统", receiver.url)
    decide(store, dataset, 1)
    assert deliver_due(store) == 1 and len(receiver.messages) == 1


def test_an_answer_that_drips_in_has_ten_seconds_in_all(
    store: Store, dataset: DatasetView, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_post, "SECONDS", 0.3)
    receiver.drips = True
    add_webhook(store, "客户系统", receiver.url)
    decide(store, dataset, 1)
    assert deliver_due(store) == 0
    assert webhook_messages(store, "客户系统")[0].problem == "0.3 秒内没有回答"


def test_a_message_that_cannot_be_sent_at_all_is_given_up_and_holds_up_no_other(
    store: Store, dataset: DatasetView, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOD_WEBHOOK_SECRET", SECRET)
    add_webhook(store, "坏的", receiver.url)
    add_webhook(store, "好的", receiver.url, secret_env="GOOD_WEBHOOK_SECRET")
    decide(store, dataset, 1)
    monkeypatch.setenv("WEBHOOK_SECRET", "\udc80" * 30)  # bytes that are no text, as a variable may hold
    moment = now()
    assert deliver_due(store, moment=moment) == 1
    assert webhook_messages(store, "坏的")[0].problem == "发送时出错（UnicodeEncodeError）"
    for wait in WAITS:
        moment += wait
        deliver_due(store, moment=moment)
    assert webhook_messages(store, "坏的")[0].state == "已放弃"


def test_a_redirect_is_not_followed(store: Store, dataset: DatasetView, receiver: Receiver) -> None:
    add_webhook(store, "客户系统", receiver.url)
    decide(store, dataset, 1)
    receiver.status = 307
    assert deliver_due(store) == 0 and len(receiver.messages) == 1
    assert webhook_messages(store, "客户系统")[0].problem == "对方回答 307"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://10.0.0.1/", "内网"),
        ("https://192.168.1.1/", "内网"),
        ("https://169.254.169.254/latest/meta-data", "内网"),
        ("https://[fe80::1]/", "内网"),
        ("https://[::ffff:10.0.0.1]/", "主机名"),
        ("https://2130706433/", "主机名"),
        ("http://example.com/", "不加密"),
        ("https://user:pass@example.com/", "用户名"),
        ("ftp://example.com/", "https://"),
        ("", "https://"),
        ("https://" + "x" * 600, "500"),
    ],
)
def test_nothing_is_sent_where_models_must_not(store: Store, receiver: Receiver, url: str, sentence: str) -> None:
    with pytest.raises(ShiyaoError, match=sentence):
        add_webhook(store, "甲", url)


def test_an_address_that_holds_a_key_is_not_written_down_for_good(store: Store, receiver: Receiver) -> None:
    base = receiver.url.partition("?")[0]
    hook = add_webhook(store, "机器人", f"{base}?key=5f3c")
    assert hook.url.endswith("?key=5f3c")
    [entry] = audit_entries(store, kinds=["回调"])
    assert entry.detail.startswith(f"新建：{base}，") and "5f3c" not in entry.detail


def test_a_secret_is_a_variable_of_its_own_that_nobody_guesses(
    store: Store, dataset: DatasetView, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "SHIYAO_DATABASE_URL", "webhook_secret", SECRET):
        with pytest.raises(SettingsError, match="密钥变量不能用"):
            add_webhook(store, "甲", receiver.url, secret_env=variable)
    with pytest.raises(SettingsError, match="没有设置"):
        add_webhook(store, "甲", receiver.url, secret_env="CRM_WEBHOOK_SECRET")
    monkeypatch.setenv("CRM_WEBHOOK_SECRET", "short")
    with pytest.raises(SettingsError, match="太短"):
        add_webhook(store, "甲", receiver.url, secret_env="CRM_WEBHOOK_SECRET")
    add_webhook(store, "甲", receiver.url)
    decide(store, dataset, 1)
    monkeypatch.delenv("WEBHOOK_SECRET")
    assert deliver_due(store) == 0 and receiver.messages == [], "nothing goes unsigned"
    assert "没有设置" in webhook_messages(store, "甲")[0].problem


def test_names_are_taken_once_and_must_be_there(store: Store, receiver: Receiver) -> None:
    add_webhook(store, "甲", receiver.url)
    with pytest.raises(ConflictError, match="已经有"):
        add_webhook(store, "甲", receiver.url)
    with pytest.raises(InputError, match="名称"):
        add_webhook(store, " ", receiver.url)
    with pytest.raises(NotFoundError, match="没有数据集"):
        add_webhook(store, "乙", receiver.url, dataset="没有")
    for service in (delete_webhook, webhook_messages, send_again):
        with pytest.raises(NotFoundError, match="没有名为「丙」"):
            service(store, "丙")


def test_a_signature_tells_a_message_from_any_other() -> None:
    secret, body = SECRET.encode(), b'{"a":1}'
    headers = sign(secret, "msg_1", 1_800_000_000, body)
    # Computed apart: base64 of HMAC-SHA256 over "msg_1.1800000000." and the body.
    assert headers["webhook-signature"] == "v1,dzz2rDgFmYyCu1uHSgeykNGuxYPyZ2uc3YvcPnz/2g8="
    assert signature_fits(secret, headers, body, seconds=1_800_000_100)
    for wrong in (
        {"body": b'{"a":2}'},
        {"secret": b"another secret of the same length"},
        {"seconds": 1_800_000_301.0},
        {"seconds": 1_799_999_699.0},
        {"headers": headers | {"webhook-id": "msg_2"}},
        {"headers": headers | {"webhook-timestamp": "1800000001"}},
        {"headers": headers | {"webhook-timestamp": "x"}},
        {"headers": headers | {"webhook-signature": ""}},
        {"headers": headers | {"webhook-signature": "v1,错"}},
        {"headers": {}},
    ):
        given: dict[str, Any] = {"secret": secret, "headers": headers, "body": body, "seconds": 1_800_000_000.0} | wrong
        assert not signature_fits(given["secret"], given["headers"], given["body"], seconds=given["seconds"])


def test_a_server_sends_by_itself(store: Store, dataset: DatasetView, receiver: Receiver) -> None:
    add_webhook(store, "客户系统", receiver.url)
    sender = WebhookSender(lambda: store, look_seconds=0.01)
    sender.start()
    decide(store, dataset, 1)
    assert receiver.came.wait(60)
    sender.stop()
    assert webhook_messages(store, "客户系统")[0].state == "已送达"
