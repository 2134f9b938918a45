"""The wheel: all of the program and nothing else is in it, and alone in an environment it goes round the loop."""

import json
import re
import socket
import subprocess
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path
from urllib.request import Request

import pytest
from playwright.sync_api import Browser, expect
from prometheus_client.parser import text_string_to_metric_families

from tests.browser.serving import LOCAL, ROOT
from tests.packaging.installed import Installed, build_wheel, install
from tests.repository.test_dependencies import DEPENDENCIES, plain

PROGRAM = ("app.py", "core", "pages", "prompts", "data", ".streamlit/config.toml")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
CHATS = [
    {"chat_text": "何苗2：你好，会话存档怎么收费\n客服-小叶：标准版每个账号 300 元一年\n", "infos": []},
    {"chat_text": "唐果4：我们想换一套 CRM，邮箱 tang@example.com\n客服-小叶：可以先看演示\n", "infos": []},
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(wheel, tmp_path_factory.mktemp("installed"))


def test_it_holds_the_program_and_nothing_that_lies_about(wheel: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PROGRAM],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    inside = {name.removeprefix("shiyao/program/") for name in names if name.startswith("shiyao/program/")}
    assert inside == {*tracked.stdout.split("\n")[:-1], "docs/screenshots/training-versions.png"}
    assert names - {f"shiyao/program/{name}" for name in inside} == {"shiyao/__init__.py", "shiyao/__main__.py"}


def test_it_names_what_it_depends_on_and_its_command(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    read = {name.rpartition("/")[2]: archive.read(name) for name in archive.namelist() if ".dist-info/" in name}
    required = [
        line for line in message_from_bytes(read["METADATA"]).get_all("Requires-Dist", []) if "extra" not in line
    ]
    assert {plain(line) for line in required} == DEPENDENCIES
    assert "shiyao = shiyao:main" in read["entry_points.txt"].decode()


def test_the_loop_from_import_to_export(installed: Installed) -> None:
    (installed.work / "chats.json").write_text(json.dumps(CHATS, ensure_ascii=False), encoding="utf-8")
    assert "Usage: shiyao import" in installed.run("import", "--help")
    assert installed.run("--version").startswith(f"拾要 {VERSION}\n")
    assert "新增 2" in installed.run("import", "chats.json", "--dataset", "新")
    assert "完成 2，失败 0" in installed.run("extract", "--dataset", "新", "--run", "规则", "--provider", "local")
    installed.run("export", "submission", "--dataset", "新", "--source", "run:规则", "--out", "submission.json")
    assert len(json.loads((installed.work / "submission.json").read_text(encoding="utf-8"))) == 2
    installed.run("sample")
    assert json.loads(installed.run("score", "--dataset", "示例群聊", "--run", "示例抽取", "--json"))
    assert "一切正常：2 个数据集" in installed.run("check")
    # All of it lies in a folder of the user's, for that user alone; the installed program is as it was.
    data = installed.home / ".local" / "share" / "shiyao"
    assert (data / "shiyao.db").is_file() and (data / "shiyao.log").is_file()
    assert data.stat().st_mode & 0o077 == 0
    program = next((installed.python.parents[1] / "lib").glob("python*/site-packages/shiyao/program"))
    assert not (program / "var").exists()


def test_an_error_names_the_command_that_is_there(installed: Installed) -> None:
    assert "用 shiyao user list 查看" in installed.run("user", "disable", "没有", code=1)


def test_a_folder_of_ones_own_and_a_relative_address(installed: Installed) -> None:
    """What a process of the server's is told means the same file, wherever the program lies."""
    installed.run("sample", SHIYAO_VAR="mine")
    assert (installed.work / "mine" / "shiyao.db").is_file()
    code = (
        "import os\n"
        "import core\n"
        "from core.adapters.store import open_store\n"
        "from core.services.jobs.own_process import start_own_process\n"
        "store = open_store('sqlite:///mine/shiyao.db')\n"
        "upkeep = 'core.services.review.queue.background_update'\n"
        "print(start_own_process(store, upkeep, '1', '0', str(os.getpid())).wait())\n"
    )
    program = next((installed.python.parents[1] / "lib").glob("python*/site-packages/shiyao/program"))
    env = installed.env | {"PYTHONPATH": f"{program}:{installed.env['PYTHONPATH']}", "SHIYAO_VAR": "mine"}
    command = [str(installed.python), "-P", "-c", code]
    done = subprocess.run(command, cwd=installed.work, env=env, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.browser
def test_the_pages_are_served_and_open(installed: Installed, browser: Browser) -> None:  # noqa: F811
    (installed.work / "token").write_text("a-token-for-the-figures\n", encoding="utf-8")
    logging = {"SHIYAO_LOG_FILE": "-", "SHIYAO_LOG_FORMAT": "json"}
    with installed.serving(SHIYAO_VAR="pages", SHIYAO_METRICS_TOKEN_FILE="token", **logging) as server:
        log = server.log.read_text(encoding="utf-8")
        assert re.search(rf"数据文件夹：{installed.work}/pages（用 SHIYAO_VAR 可以换一个", log)
        assert f"端口 {server.port} 上启动不了" in installed.run("serve", f"--port={server.port}", code=1)
        with LOCAL.open(server.url, timeout=10) as answer:
            assert b'<html lang="zh-CN">' in answer.read()  # the program's own settings and page are in use
        page = browser.new_page(locale="zh-CN")
        page.goto(server.url)
        expect(page.get_by_text("欢迎使用拾要")).to_be_visible(timeout=60_000)
        page.keyboard.type("林晓")
        page.keyboard.press("Enter")
        expect(page.get_by_text("示例群聊").first).to_be_visible(timeout=60_000)
        page.close()
        with LOCAL.open(f"{server.url}/_health", timeout=10) as answer:
            assert json.loads(answer.read())["status"] == "ok"
        request = Request(f"{server.url}/_metrics", headers={"Authorization": "Bearer a-token-for-the-figures"})
        with LOCAL.open(request, timeout=10) as answer:
            families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
        drawn = [sample for sample in families["shiyao_page_seconds"].samples if sample.name.endswith("_count")]
        assert any(sample.labels["page"].startswith("pages/home/") and sample.value >= 1 for sample in drawn)
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as garbage:
            garbage.sendall(b"no request at all\r\n\r\n")
            assert b"400" in garbage.recv(100)
    # What a container's log gets: the three lines of the start, then one JSON object a line, whoever says it.
    lines = server.log.read_text(encoding="utf-8").splitlines()
    said = [json.loads(line) for line in lines[3:]]
    assert "http" in lines[2] and {line["logger"] for line in said} >= {"uvicorn.error"}
    assert {line["level"] for line in said} <= {"INFO", "WARNING"}
