"""``retention`` and ``person``: what they say, and that nothing changes without ``--yes``."""

import json
from pathlib import Path

import pytest

from tests.cli.calling import run


def test_a_person_and_how_long_things_stay(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chat = "沐晚晴：在吗\n客服小周1：您好\n沐晚晴：电话137 5555 0101\n客服小周1：好的\n"
    (tmp_path / "d.json").write_text(json.dumps([{"chat_text": chat, "infos": []}], ensure_ascii=False), "utf-8")
    assert run(capsys, "import", str(tmp_path / "d.json"), "--dataset", "d", "--db", db)[0] == 0
    for arguments in (("find", "13755550101"), ("delete", "沐晚晴")):
        code, out, _ = run(capsys, "person", *arguments, "--json", "--db", db)
        assert code == 0 and json.loads(out)["chats"] == {"d": [1]} and json.loads(out)["done"] == "找到"
    code, out, _ = run(capsys, "person", "rename", "沐晚晴", "13755550101", "--yes", "--db", db)
    assert code == 0 and "已换名" in out and "没有删除的内容" in out
    assert "没有找到" in run(capsys, "person", "find", "沐晚晴", "--db", db)[1]
    code, out, _ = run(capsys, "retention", "--dataset", "d", "--replies", "90", "--run", "--json", "--db", db)
    assert code == 0 and json.loads(out)["rules"] == [{"dataset": "d", "replies": 90, "history": None}]
    assert json.loads(out)["deleted"] == {"replies": 0, "versions": 0, "purged": True}
    code, _, err = run(capsys, "retention", "--dataset", "d", "--replies", "-3", "--db", db)
    assert code != 0 and "保留天数" in err
