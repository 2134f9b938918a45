"""What leaves for a model is said before a run, and is what a run then sends."""

import pytest

from core.adapters.store import Store
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from core.services.extraction.runs import what_leaves
from tests.factories.datasets import make_dataset
from tests.fakes.openai_server import FakeOpenAI

CHATS = [
    "何苗2：电话 138 0013 8001，加我微信 hemiao_88\n客服小陈1：何女士好\n何苗2：寄到青石路18号\n",
    "林小满3：多少钱\n客服小陈1：三千\n林小满3：好\n",
]
REAL = ("何苗", "138 0013 8001", "hemiao_88", "青石路18号", "小陈")


def departure(store: Store, provider: str, replace_personal: bool = False, **scope: object) -> "run_service.Departure":
    with store.read() as session:
        pipeline = run_service.load_pipeline(session, "baseline", dataset="d")
        spec = model_catalog.resolve(session, provider, "" if provider == "local" else "m")
    spec = spec.model_copy(update={"replace_personal": replace_personal})
    leaves = what_leaves(store, pipeline, spec, dataset=1, **scope)  # type: ignore[arg-type]
    assert leaves is not None
    return leaves


@pytest.fixture
def filled(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    make_dataset(store, CHATS, "d")
    with FakeOpenAI([]) as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        yield store


def test_what_leaves_is_said_with_and_without_made_up_values(filled: Store) -> None:
    plain = departure(filled, "openai")
    assert (
        plain.personal == {"人名和称呼（连同发言人）": 7, "电话": 1, "地址": 1, "微信号": 1}
        and plain.sent is plain.real
    )
    assert all(one in plain.real.rendered.user for one in REAL) and "原样发给" in plain.sentence
    assert not [one for one in REAL if one in plain.made_up.rendered.user]
    hidden = departure(filled, "openai", replace_personal=True)
    assert (
        hidden.sent is hidden.made_up
        and "换成编造的" in hidden.sentence
        and "2 条群聊里的人名和称呼（连同发言人） 7 处" in hidden.sentence
    )
    local = departure(filled, "local", replace_personal=True)
    assert not local.remote and not local.replaced and "什么都不会发出去" in local.sentence


def test_the_first_chat_of_the_run_is_shown(filled: Store) -> None:
    assert departure(filled, "openai", chat_indices=[2]).personal == {"人名和称呼（连同发言人）": 3}
    assert departure(filled, "openai", limit=1).personal["人名和称呼（连同发言人）"] == 4
    with filled.read() as session:
        pipeline = run_service.load_pipeline(session, "baseline", dataset="d")
        spec = model_catalog.resolve(session, "local", "")
    assert what_leaves(filled, pipeline, spec, dataset=1, chat_indices=[9]) is None


def test_of_many_chats_the_places_are_estimated(filled: Store) -> None:
    make_dataset(filled, CHATS[1:] * 60, "viele")
    with filled.read() as session:
        pipeline = run_service.load_pipeline(session, "baseline", dataset="viele")
        spec = model_catalog.resolve(session, "openai", "m")
    leaves = what_leaves(filled, pipeline, spec, dataset=2)
    assert leaves is not None and "60 条群聊里约有人名和称呼（连同发言人） 180 处" in leaves.sentence
