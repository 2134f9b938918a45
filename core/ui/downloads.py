"""Says beside a button why the file that it makes at a click cannot be had; Streamlit says so in one English phrase.

The only module that knows how Streamlit makes such files (``st.download_button`` with a function).
"""

import asyncio
import logging

from streamlit.proto.BackMsg_pb2 import BackendOperationRequest
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse, DeferredFileResponsePayload
from streamlit.runtime import app_session
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.runtime.media_file_storage import MediaFileStorageError

from core.errors import ShiyaoError

_GONE = "文件没有生成：这一页是之前打开的，请刷新页面再下载"
_UNEXPECTED = "文件没有生成，这里出错了，已记入日志。请刷新页面重试"
_log = logging.getLogger("shiyao.ui")


class DownloadHandler(DeferredFileHandler):
    """Makes the file of a button at its click; where that fails, the button says the sentence of the error."""

    async def handle(self, request: BackendOperationRequest, session_id: str) -> BackendOperationResponse:
        """Make the file and answer with its address, or with a sentence."""
        try:
            url = await asyncio.to_thread(self._get_media_file_mgr().execute_deferred, request.deferred_file.file_id)
        except MediaFileStorageError as error:
            return BackendOperationResponse(request_id=request.request_id, error_msg=_sentence(error))
        return BackendOperationResponse(
            request_id=request.request_id, deferred_file=DeferredFileResponsePayload(url=url)
        )


def say_why_in_chinese() -> None:
    """Have every page of this process that is opened from now on make its files by :class:`DownloadHandler`."""
    vars(app_session)["DeferredFileHandler"] = DownloadHandler


def _sentence(error: MediaFileStorageError) -> str:
    reason = error.__cause__
    if isinstance(reason, ShiyaoError):
        _log.warning("%s", reason, exc_info=reason)
        return str(reason)
    if reason is None:
        return _GONE
    _log.error("a file for download was not made", exc_info=reason)
    return _UNEXPECTED
