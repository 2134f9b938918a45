"""The command line as a person or a script meets it: exit codes, one line per error, JSON that can be read."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from core import cli
from core.adapters.store import open_store
from core.domain.form import Form
from core.settings import ROOT, settings
from tests.cli.calling import run
from tests.factories import hostile_files


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SHIYAO_LOG_FILE", str(tmp_path / "shiyao.log"))
    monkeypatch.setenv("SHIYAO_DATABASE_URL", f"sqlite:///{tmp_path / 'default.db'}")
    settings.cache_clear()
    yield f"sqlite:///{tmp_path / 'cli.db'}"
    settings.cache_clear()


@pytest.fixture
def train(tmp_path: Path, form: Form) -> Path:
    info = {**form.empty(), form.name_field: "林木1"}
    rows = [{"chat_text": "林木1：你好", "infos": [info]}, {"chat_text": ""}, {"chat_text": "周一2：在吗", "infos": []}]
    path = tmp_path / "train.json"
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return path


def as_json(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_import_score_and_back(db: str, train: Path, form: Form, capsys: pytest.CaptureFixture[str]) -> None:
    report = as_json(capsys, "import", train, "--dataset", "数据", "--split", "train", "--db", db)
    assert report == {
        "dataset": "数据",
        "dataset_id": 1,
        "run": "标注",
        "run_id": 1,
        "total": 3,
        "added": 2,
        "skipped": 0,
        "labels": 2,
        "rejected": [{"index": 2, "line": None, "reason": "chat_text 为空", "why": "chat_text 为空"}],
        "format": "JSON",
        "encoding": "UTF-8",
        "sheet": "",
        "joined": "none",
        "columns": {},
        "chats": 2,
        "messages": 2,
        "speakers": 2,
        "without_speakers": [],
        "notes": [],
    }
    submission = train.with_name("s.json")
    submission.write_text(json.dumps([{"infos": [form.empty()], "index": 1}]), encoding="utf-8")
    tried = as_json(capsys, "import-run", submission, "--dataset", "数据", "--run", "空表", "--dry-run", "--db", db)
    assert (tried["added"], tried["dry_run"]) == (1, True)  # and nothing was stored: it is added below
    # The database may be named before the verb as well.
    report = as_json(capsys, "--db", db, "import-run", submission, "--dataset", "数据", "--run", "空表")
    assert (report["added"], report["run"], len(report["notes"])) == (1, "空表", 1)

    result = as_json(capsys, "score", "--dataset", "数据", "--run", "空表", "--db", db)
    assert list(result) == [
        "score",
        "max",
        "floor",
        "chats",
        "missing",
        "measure",
        "left_out",
        "filled",
        "fields",
        "floors",
        "confidence",
    ]
    assert (result["score"], result["max"], result["floor"]) == (17.5, 36, 17.5)
    assert (result["chats"], result["missing"]) == (2, [3])
    assert result["filled"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert list(result["fields"]) == list(form.keys)
    assert result["fields"][form.name_field]["support"] == 1
    assert (
        as_json(capsys, "score", "--dataset", "数据", "--run", "标注", "--against", "run:标注", "--db", db)["score"]
        == 36
    )

    code, out, err = run(capsys, "score", "--dataset", "数据", "--run", "空表", "--db", db)
    assert code == 0
    assert "得分 17.5000 / 36，全空表单的下限 17.5000，2 条群聊" in out
    assert "缺少 1 条，按 0 分计：3" in out


def test_sample(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = as_json(capsys, "sample", "--db", db)
    assert report["chats"]["added"] == report["run"]["added"] >= 24
    assert report["chats"]["rejected"] == report["run"]["rejected"] == []
    again = as_json(capsys, "sample", "--db", db)
    assert (again["chats"]["added"], again["run"]["added"]) == (0, 0)


def test_remarks_for_people(db: str, train: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "import", train, "--dataset", "数据", "--db", db)
    assert (code, out) == (0, "数据集「数据」：共 3 条，新增 2，已有 0，未导入 1，标注 2 条\n")
    assert err == "未导入 第 2 条：chat_text 为空\n"


def test_backup_and_check(db: str, train: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "import", train, "--dataset", "数据", "--db", db)
    target = tmp_path / "copy.db"
    code, out, _ = run(capsys, "backup", target, "--db", db)
    assert (code, out.startswith(f"已备份到 {target}")) == (0, True)
    assert as_json(capsys, "check", "--db", f"sqlite:///{target}") == {
        "ok": True,
        "problems": [],
        "datasets": 1,
        "chats": 2,
        "runs": 1,
    }
    code, _, err = run(capsys, "backup", target, "--db", db)
    assert (code, err.count("\n"), "已经存在" in err) == (1, 1, True)


def test_check_names_what_is_wrong(db: str, train: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import sqlite3

    run(capsys, "import", train, "--dataset", "数据", "--db", db)
    connection = sqlite3.connect(tmp_path / "cli.db")
    connection.execute("UPDATE dataset SET form = 'gone'")
    connection.commit()
    connection.close()
    code, out, err = run(capsys, "check", "--db", db)
    assert (code, out) == (1, "")
    assert err == "找不到表单文件 gone.toml。请把它放到 forms/ 目录下\n"
    code, out, _ = run(capsys, "check", "--json", "--db", db)
    assert (code, json.loads(out)["ok"]) == (1, False)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["import", "none.json", "--dataset", "x"], 1, "找不到文件 none.json。请检查路径"),
        (["import", "TRAIN", "--dataset", " "], 1, "数据集还没有名称"),
        (["import", "TRAIN", "--dataset", "x", "--split", "dev"], 1, "不认识用途「dev」"),
        (["import-run", "TRAIN", "--dataset", "x", "--run", "y"], 1, "没有数据集「x」"),
        (["score", "--dataset", "x", "--run", "y"], 1, "没有数据集「x」"),
        (["import", "TRAIN"], 2, "--dataset"),
        (["nothing"], 2, "nothing"),
    ],
)
def test_errors_are_one_line(
    arguments: list[str], code: int, sentence: str, db: str, train: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_store(db).close()
    found, out, err = run(
        capsys, *[str(train) if part == "TRAIN" else part for part in arguments], *["--db", db][: 2 * (code == 1)]
    )
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert sentence in err


def test_references_that_are_not_there(db: str, train: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "import", train, "--dataset", "数据", "--db", db)
    scored = ["score", "--dataset", "数据", "--run", "标注", "--db", db, "--against"]
    assert "还没有已确认的记录" in run(capsys, *scored, "records")[2]
    assert "不认识对照「run:」" in run(capsys, *scored, "run:")[2]
    assert "没有抽取任务「x」" in run(capsys, *scored, "run:x")[2]


def test_the_environment_names_the_database(
    db: str, train: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "import", train, "--dataset", "数据")[0] == 0
    assert (tmp_path / "default.db").exists()
    assert not (tmp_path / "cli.db").exists()


def test_as_a_process_with_its_trace_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log" / "shiyao.log"
    environment = {"SHIYAO_LOG_FILE": str(log), "SPARKAI_API_SECRET": "geheim-1234", "PATH": ""}
    arguments = ["import", "geheim-1234.json", "--dataset", "x", "--db", f"sqlite:///{tmp_path / 'x.db'}"]
    done = subprocess.run(
        [sys.executable, "-m", "core", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "找不到文件 geheim-1234.json。请检查路径\n"
    trace = log.read_text(encoding="utf-8")
    assert "Traceback" in trace
    assert "geheim" not in trace


def test_help_stays_quick() -> None:
    heavy = "{'sqlmodel', 'pydantic', 'alembic', 'tenacity', 'openai', 'sparkai', 'pandas', 'jionlp', 'streamlit'}"
    code = f"import sys, core.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_sample_on_first_start_only(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sample", "--first-start", "--db", db]) == 0
    assert "28 条群聊，新增 28" in capsys.readouterr().out
    assert cli.main(["sample", "--first-start", "--db", db]) == 0
    assert capsys.readouterr().out == ""


def test_a_file_that_asks_for_too_much_is_one_line(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(hostile_files.two_corners())
    code, out, err = run(capsys, "import", path, "--dataset", "a", "--db", db)
    assert (code, out) == (1, "")
    assert "超过 5,000,000 格的上限" in err
    assert len(err.strip().splitlines()) == 1


def test_a_message_table_through_the_command_line(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "messages.csv"
    lines = ["发送人,方向,时间,内容", "林小满3,接收,2024-01-02 10:21,你好", "阿青,发送,2024-01-02 10:22,您好"]
    lines.append("林小满3,接收,2024-01-03 09:00,在吗")
    table.write_text("\n".join(lines), encoding="utf-8")
    report = as_json(capsys, "import", table, "--dataset", "消息", "--pause", "60", "--db", db)
    assert (report["added"], report["joined"], report["messages"]) == (2, "pause", 3)
    assert report["columns"] == {"sender": "发送人", "text": "内容", "time": "时间", "side": "方向"}
    assert any("3 条消息" in note for note in report["notes"])
    again = as_json(capsys, "import", table, "--dataset", "消息", "--pause", "60", "--db", db)
    assert (again["added"], again["skipped"]) == (0, 2)
    first, second = as_json(capsys, "chats", "--dataset", "消息", "--db", db)
    assert (first["index"], first["messages"], second["messages"]) == (1, 2, 1)
    assert first["speakers"] == [
        {"name": "林小满3", "side": "客户", "messages": 1},
        {"name": "阿青", "side": "客服", "messages": 1},
    ]
    code, _, err = run(capsys, "import", table, "--dataset", "消息", "--sender-column", "谁", "--db", db)
    assert code != 0
    assert "没有「谁」列" in err


def test_a_file_all_of_which_is_refused_is_no_success(
    db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.jsonl"
    for words, code in (("一", 0), ("二", 1)):
        path.write_text(f'{{"index": 5, "chat_text": "林木1：{words}"}}', encoding="utf-8")
        done, _, err = run(capsys, "import", path, "--dataset", "数据", "--db", db)
        assert (done == 0) == (code == 0)
    assert "的 1 条都没有导入；第 5 条" in err
    # A script learns of every row, though there is nothing to import.
    table = tmp_path / "t.csv"
    table.write_text("chat_text\n林木1：你好,想问\n周一2：在吗,想买\n", encoding="utf-8")
    code, out, err = run(capsys, "import", table, "--dataset", "新", "--db", db, "--dry-run", "--json")
    tried = json.loads(out)
    assert (code, tried["added"], [row["index"] for row in tried["rejected"]]) == (1, 0, [1, 2])
    assert all("没加引号的分隔符" in row["why"] for row in tried["rejected"])
    code, out, err = run(capsys, "import", table, "--dataset", "新", "--db", db)
    assert (code, out) == (1, "") and "都不能导入；第 1 条（第 2 行）" in err


def test_an_import_can_be_tried_first(db: str, tmp_path: Path, form: Form, capsys: pytest.CaptureFixture[str]) -> None:
    book = Workbook()
    book.worksheets[0].append(["一月"])
    for title, text in (("甲", "林木1：你好\n客服小何：您好"), ("乙", "没有人说话")):
        sheet = book.create_sheet(title)
        for row in (["index", "chat_text", form.name_field], [1, text, "林木1"], [1, text, ""]):
            sheet.append(row)
    path = tmp_path / "a.xlsx"
    book.save(path)
    tried = as_json(capsys, "import", path, "--dataset", "数据", "--db", db, "--dry-run")
    missing = next(note for note in tried["notes"] if note.startswith("缺少"))
    assert tried == {
        "format": "Excel",
        "encoding": "",
        "sheet": "甲",
        "columns": {"text": "chat_text", "index": "index"},
        "joined": "none",
        "chats": 1,
        "messages": 2,
        "speakers": 2,
        "without_speakers": [],
        "added": 1,
        "skipped": 0,
        "rejected": [{"index": 1, "why": "第 3 行：index 与前面的行重复"}],
        "notes": [
            "跳过了工作表「Sheet」（1 行，没有认得出的列）",
            "没有导入工作表「乙」（3 行）；要导入它，请选这个工作表（命令行用 --sheet）",
            missing,
        ],
    }
    code, out, _ = run(capsys, "chats", "--dataset", "数据", "--db", db)
    assert (code, out) == (1, "")  # nothing was stored
    other = as_json(capsys, "import", path, "--dataset", "数据", "--db", db, "--dry-run", "--sheet", "乙")
    assert (other["sheet"], other["without_speakers"], other["added"]) == ("乙", [1], 1)
    assert "有 1 条认不出发言人：第 1 条" in other["notes"]
    report = as_json(capsys, "import", path, "--dataset", "数据", "--db", db)
    assert {key: report[key] for key in tried if key != "rejected"} == {
        key: tried[key] for key in tried if key != "rejected"
    }
    again = as_json(capsys, "import", path, "--dataset", "数据", "--db", db, "--dry-run")
    assert (again["added"], again["skipped"]) == (0, 1)


def test_an_encoding_can_be_chosen(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("林木1：你好\n客服小何：您好".encode("gbk"))
    tried = as_json(capsys, "import", path, "--dataset", "数据", "--db", db, "--dry-run", "--encoding", "gbk")
    assert (tried["encoding"], tried["speakers"]) == ("GBK / GB18030", 2)
    code, _, err = run(capsys, "import", path, "--dataset", "数据", "--db", db, "--encoding", "utf-8")
    assert code == 1 and "不能按 utf-8 读" in err


def test_imports_are_listed_and_one_is_taken_back(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("一", "二"):
        (tmp_path / f"{name}.txt").write_text(f"林木{name}：\0你好\n客服小何：好", "utf-8")
        as_json(capsys, "import", tmp_path / f"{name}.txt", "--dataset", "数据", "--db", db)
    newest, oldest = as_json(capsys, "imports", "--dataset", "数据", "--db", db)
    assert (newest["file"], oldest["file"], newest["added"], newest["undone_at"]) == ("二.txt", "一.txt", 1, None)
    assert any("NUL" in note for note in newest["notes"])
    tried = as_json(capsys, "imports", "--undo", newest["id"], "--dry-run", "--db", db)
    assert (tried["chats"], tried["refused"], tried["drops_dataset"]) == (1, "", False)
    assert len(as_json(capsys, "chats", "--dataset", "数据", "--db", db)) == 2
    as_json(capsys, "imports", "--undo", newest["id"], "--who", "林晓", "--db", db)
    assert [chat["index"] for chat in as_json(capsys, "chats", "--dataset", "数据", "--db", db)] == [1]
    assert as_json(capsys, "imports", "--dataset", "数据", "--db", db)[0]["undone_by"] == "林晓"
    for wrong in (["--undo", newest["id"]], ["--undo", 99], [], ["--undo", oldest["id"], "--dataset", "别的"]):
        code, out, err = run(capsys, "imports", *wrong, "--db", db)
        assert (code, out, err.count("\n")) == (1, "", 1)


def test_joining_and_format_can_be_chosen(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "a.txt"
    table.write_text("发送人,内容,时间,群聊\n甲,早,2024-01-02 08:00,A\n乙,好,2024-01-02 20:00,B\n", "utf-8")
    common = ("import", table, "--dataset", "数据", "--db", db, "--dry-run", "--format", "CSV")
    assert as_json(capsys, *common)["chats"] == 2
    joined = as_json(capsys, *common, "--join", "none")
    assert (joined["chats"], joined["joined"]) == (1, "none")
    assert as_json(capsys, *common, "--join", "pause", "--pause", "60")["joined"] == "pause"
    for wrong in (["--join", "别的"], ["--format", "xlsx"]):
        code, _, err = run(capsys, *common, *wrong)
        assert (code, err.count("\n")) == (1, 1)
