"""A file that is made at a click and cannot be had: the button says why."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse
from streamlit.runtime import app_session
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from core.errors import PermissionDeniedError, SignInError
from core.ui import downloads


def answer(make: Callable[[], bytes] | None, monkeypatch: pytest.MonkeyPatch) -> BackendOperationResponse:
    """What a browser is answered that asks for the file of a button."""
    files = MediaFileManager(MemoryMediaFileStorage("/media"))
    monkeypatch.setattr("streamlit.runtime.media_file_manager._get_session_id", lambda: "page")
    file_id = files.add_deferred(make, "text/csv", "1.2", file_name="a.csv") if make else "unknown"
    request = BackendOperationRequest(request_id="7")
    request.deferred_file.file_id = file_id
    with ThreadPoolExecutor(1) as apart:  # in the thread of the tests a browser's loop may run already
        handled = apart.submit(lambda: asyncio.run(downloads.DownloadHandler(lambda: files).handle(request, "page")))
        reply = handled.result(60)
    assert reply.request_id == "7"
    return reply


def raising(error: Exception) -> Callable[[], bytes]:
    def make() -> bytes:
        raise error

    return make


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            raising(PermissionDeniedError("只有组长能做", "需要时请找组长")),
            "只有组长能做。需要时请找组长",
        ),
        (raising(SignInError("登录已结束", "请重新登录")), "登录已结束。请重新登录"),
        (raising(ZeroDivisionError("13800000000")), "文件没有生成，这里出错了，已记入日志。请刷新页面重试"),
        (None, "文件没有生成：这一页是之前打开的，请刷新页面再下载"),
    ],
)
def test_the_button_says_why(make: Callable[[], bytes] | None, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = answer(make, monkeypatch)
    assert reply.error_msg.rstrip("。") == sentence and not reply.deferred_file.url


def test_a_file_comes_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = answer(lambda: b"a,b", monkeypatch)
    assert not reply.error_msg and reply.deferred_file.url.startswith("/media/")


def test_pages_of_the_server_make_their_files_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_session, "DeferredFileHandler", app_session.DeferredFileHandler)
    downloads.say_why_in_chinese()
    session = SimpleNamespace(_script_data=SimpleNamespace(main_script_path="app.py"))
    dispatcher = app_session.AppSession._create_backend_operation_dispatcher(session)  # type: ignore[arg-type]
    assert isinstance(dispatcher._handlers["deferred_file"], downloads.DownloadHandler)
