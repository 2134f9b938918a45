"""Component messages that no browser of ours would send; after each few, a good save has to be stored."""

import uuid

from bench.chaos.garbage import mangled
from bench.chaos.ground import ground
from bench.chaos.options import Options
from bench.chaos.oracle import PREFIX, Oracle, SentSave
from bench.chaos.reviewers import raw_save
from bench.chaos.tally import Tally
from bench.chaos.websocket_client import Disconnected, WorkbenchClient

_NAME = "乱来"
_GOOD_AFTER = 10


def run(options: Options) -> Tally:
    """Two hundred mangled states over one websocket."""
    tally, oracle, chance = Tally(), Oracle(), options.random("messages")
    with ground(40) as place:
        client = WorkbenchClient(place.server.port, _NAME, place.dataset_id)
        client.open()
        place.measure(tally, oracle)
        for number in range(options.messages):
            if not client.payload.get("chats"):
                client.open()
            chat = client.payload["chats"][0]
            save = SentSave(str(uuid.UUID(int=number, version=4)), _NAME, chat["chat"], chat["version"], f"乱{number}")
            state = {"outbox": [raw_save(save, chat)], "at": chat["chat"], "want_residue": None, "beat": number}
            try:
                client.send(mangled(state, chance))
            except Disconnected as error:
                tally.count("crashed", f"message {number}: the server hung up: {error}")
                client.open()
            if number % _GOOD_AFTER == _GOOD_AFTER - 1:
                _save_well(client, number, oracle, tally)
        for crash in client.crashes:
            tally.count("crashed", crash)
        client.close()
        place.finish(tally, oracle)
    tally.figures["messages"] = str(options.messages)
    return tally


def _save_well(client: WorkbenchClient, number: int, oracle: Oracle, tally: Tally) -> None:
    client.open()
    chat = client.payload["chats"][-1]
    save_id = str(uuid.UUID(int=1_000_000 + number, version=4))
    save = SentSave(save_id, _NAME, chat["chat"], chat["version"], f"{PREFIX}好{number}")
    oracle.sent(save)
    payload = client.send({"outbox": [raw_save(save, chat)], "at": chat["chat"], "want_residue": None, "beat": number})
    acks = [one for one in payload["acks"] if one["save_id"] == save_id]
    if not acks or acks[0]["result"] != "saved":
        tally.count("lost", f"a good save after message {number} was not stored: {acks}")
    for ack in acks:
        oracle.acknowledge(save, ack)
