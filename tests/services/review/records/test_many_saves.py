"""A thousand saves by two processes at once, partly of the same chats: each once, in order, over nobody's work.

On PostgreSQL, where each commit travels, it is two hundred.
"""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from core.adapters.store import Store, queries
from core.adapters.store.models import Chat, Dataset
from core.domain.form import load_named_form
from tests.forked_programs import ForkedProgram

pytestmark = pytest.mark.both_databases

EACH = {"sqlite": 500, "postgresql": 100}
CHATS = {"林晓": (1, 2, 3, 4, 9), "陈默": (5, 6, 7, 8, 9)}

REVIEWER = """
import sys
from uuid import uuid4
from core.domain.form import load_named_form
from core.services.review import apply_saves
from core.adapters.store import open_store

url, dataset, who, each, *chats = sys.argv[1:]
form, store, versions = load_named_form(), open_store(url), {}
for n in range(int(each)):
    chat = int(chats[n % len(chats)])
    while True:
        save = {
            "save_id": str(uuid4()), "after_save_id": None, "chat": chat, "reviewer": who,
            "base_version": versions.get(chat, 0), "status": "已确认", "note": f"{n}",
            "customers": [{"values": {"基本信息-姓名": f"{who}{n}"}}],
        }
        acks = apply_saves(store, form, int(dataset), [save, save] if n % 7 == 0 else [save])
        if n % 11 == 0:  # the answer got lost on the way: the browser sends it again
            acks += apply_saves(store, form, int(dataset), [save])
        assert len({(ack.result, ack.version) for ack in acks}) <= 2, acks
        versions[chat] = acks[0].version
        if acks[0].result == "saved":
            break
        assert acks[0].result == "conflict" and acks[0].who != who, acks
"""


def test_a_thousand_saves_by_two_processes_are_each_stored_once(store: Store, tmp_path: Path) -> None:
    form = load_named_form()
    with store.write() as session:
        dataset = Dataset(name="群聊", form=form.name, sha256="0" * 64, expected=9)
        session.add(dataset)
        session.flush()
        for index in range(1, 10):
            chat = {"dataset_id": dataset.id, "index": index, "text": "林木：在吗", "sha256": str(index)}
            session.add(Chat(**chat, characters=5, residue_characters=0))
        dataset_id = dataset.id or 0
    each = EACH[store.engine.dialect.name]
    url = store.engine.url.render_as_string(hide_password=False)
    people = [
        ForkedProgram("-c", REVIEWER, url, str(dataset_id), who, str(each), *map(str, chats), out=tmp_path / who)
        for who, chats in CHATS.items()
    ]
    assert [person.wait() for person in people] == [0, 0], [(tmp_path / who).read_text("utf-8") for who in CHATS]
    stored: Counter[str] = Counter()
    order: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    with store.read() as session:
        for record in queries.records(session, dataset_id):
            events = sorted(queries.events(session, record.id), key=lambda event: event.version)
            assert [event.version for event in events] == list(range(1, record.version + 1))
            for event in events:
                stored[event.who] += 1
                order[record.index, event.who].append(int(event.change["note"]))
    assert stored == {"林晓": each, "陈默": each}
    for (index, who), numbers in order.items():
        assert numbers == list(range(CHATS[who].index(index), each, len(CHATS[who])))
