"""The verbs about a form in use: a preview, the change, the list and the way back, as sentences and as JSON."""

import json
from pathlib import Path

import pytest

from core.adapters.store import Store, queries
from core.cli import main
from tests.factories.form_changes import MAPPING, OLD, everything, next_version, tickets


def test_a_form_in_use_goes_over_and_back(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = tickets(store, 6)
    new = next_version(store)
    db = ["--db", store.engine.url.render_as_string(hide_password=False)]
    before = everything(store, dataset)["records"]
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps(MAPPING, ensure_ascii=False), encoding="utf-8")
    migrate = [*db, "form", "migrate", OLD, new, "--mapping", str(mapping)]
    assert main([*migrate, "--dry-run", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["rows"]["审阅记录"] == 6
    assert report["lost"] == [{"key": "品牌型号", "label": "品牌型号", "value": "云岭", "count": 6}]
    assert report["change"] is None
    assert main(migrate) == 1
    assert "--who" in capsys.readouterr().err
    assert main([*migrate, "--who", "组长"]) == 1
    assert "「品牌型号」的「云岭」" in capsys.readouterr().err
    assert everything(store, dataset)["records"] == before
    assert main([*migrate, "--who", "组长", "--accept-loss"]) == 0
    assert "丢掉 6 处" in capsys.readouterr().out
    with store.read() as session:
        assert queries.dataset(session, dataset.id).form == new
    assert main([*db, "form", "changes", "--json"]) == 0
    [listed] = json.loads(capsys.readouterr().out)
    assert (listed["from"], listed["to"], listed["datasets"], listed["undone_by"]) == (OLD, new, ["工单"], "")
    assert main([*db, "form", "undo", str(listed["id"]), "--who", "组长"]) == 0
    assert "已撤销" in capsys.readouterr().out
    assert everything(store, dataset)["records"] == before
    assert main([*db, "form", "changes"]) == 0
    assert "组长 已撤销" in capsys.readouterr().out


def test_a_mapping_that_cannot_be_read_is_refused(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tickets(store, 1)
    new = next_version(store)
    db = ["--db", store.engine.url.render_as_string(hide_password=False)]
    broken = tmp_path / "broken.json"
    for text, reason in (("{", "不是合法的 JSON"), ('{"steps": 3}', "读不懂"), ('{"steps": []}', "没有去处")):
        broken.write_text(text, encoding="utf-8")
        assert main([*db, "form", "migrate", OLD, new, "--mapping", str(broken), "--dry-run"]) == 1
        assert reason in capsys.readouterr().err
