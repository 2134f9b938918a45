"""``form …``: list, show, check, import and export from the command line."""

import json
from pathlib import Path

import pytest

from core.domain.form.loading import FORMS_DIR
from tests.cli.calling import run
from tests.domain.form.test_loading import GOOD


def test_a_form_goes_in_and_out(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "small.toml", tmp_path / "out.toml"
    file.write_text(GOOD, encoding="utf-8")
    code, said, _ = run(capsys, "form", "import", str(file), "--dry-run", "--json", "--db", db)
    assert (code, json.loads(said)["reference"], json.loads(said)["fields"]) == (0, None, 2)
    code, said, _ = run(capsys, "form", "import", str(file), "--who", "王芳", "--note", "第一版", "--db", db)
    assert (code, said) == (0, "表单「小表」已存为 small@1：2 个字段，满分 2\n")
    code, _, error = run(capsys, "form", "import", str(file), "--db", db)
    assert code == 1 and "表单没有变化" in error
    assert run(capsys, "form", "import", str(file), "--name", "another", "--db", db)[0] == 0
    listed = json.loads(run(capsys, "form", "list", "--json", "--db", db)[1])
    assert {"another@1", "role_elements", "small@1"} <= {one["reference"] for one in listed}
    small = next(one for one in listed if one["reference"] == "small@1")
    assert (small["who"], small["note"], small["shipped"]) == ("王芳", "第一版", False)
    assert "small@1\t小表 第 1 版\t2 个字段，满分 2" in run(capsys, "form", "list", "--db", db)[1]
    shown = json.loads(run(capsys, "form", "show", "small", "--json", "--db", db)[1])
    assert (shown["reference"], [field["key"] for field in shown["fields"]]) == ("small@1", ["姓名", "标签"])
    assert "姓名\tperson\t1 分" in run(capsys, "form", "show", "small@1", "--db", db)[1]
    assert run(capsys, "form", "export", "small", "--out", str(out), "--db", db)[0] == 0
    assert out.read_text(encoding="utf-8") == GOOD
    code, _, error = run(capsys, "form", "export", "small", "--out", str(out), "--db", db)
    assert code == 1 and "已经存在" in error
    code, _, error = run(capsys, "form", "show", "nothing", "--db", db)
    assert code == 1 and "没有名为「nothing」的表单" in error


def test_a_file_is_checked_without_a_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "small.toml"
    file.write_text(GOOD.replace("points = 1", "points = 0", 1), encoding="utf-8")
    code, _, error = run(capsys, "form", "check", str(file))
    assert code == 1 and "small.toml 第 14 行" in error
    code, said, _ = run(capsys, "form", "check", str(file), "--json")
    assert code == 1 and not json.loads(said)["ok"]
    code, said, _ = run(capsys, "form", "check", str(FORMS_DIR / "role_elements.toml"))
    assert (code, said) == (0, "表单文件 role_elements.toml 可以用\n")
    code, _, error = run(capsys, "form", "check", str(tmp_path))
    assert code == 1 and "打不开文件" in error


def test_an_import_names_its_form(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    form, chats = tmp_path / "small.toml", tmp_path / "chats.json"
    form.write_text(GOOD, encoding="utf-8")
    chats.write_text(json.dumps([{"chat_text": "小王：您好", "infos": [{"姓名": "小王"}]}]), encoding="utf-8")
    run(capsys, "form", "import", str(form), "--db", db)
    assert run(capsys, "import", str(chats), "--dataset", "甲", "--form", "small", "--db", db)[0] == 0
    run(capsys, "extract", "--dataset", "甲", "--run", "规则", "--provider", "local", "--db", db)
    code, said, _ = run(capsys, "status", "--run", "规则", "--json", "--db", db)
    assert (code, json.loads(said)["form"]) == (0, {"reference": "small@1", "title": "小表", "version": 1})
    code, _, error = run(capsys, "import", str(chats), "--dataset", "乙", "--form", "none", "--db", db)
    assert code == 1 and "没有名为「none」的表单" in error
