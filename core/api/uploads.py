"""Files that programs send, and requests that they may send twice."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Annotated, Any, BinaryIO, cast

from fastapi import Header, Query, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from core.adapters.store import Store
from core.api.guard import holder_of
from core.api.schemas import ApiModel
from core.errors import InputError
from core.services.export.file_names import refuse_path
from core.services.team.repeated_requests import StoredAnswer, begin_request, finish_request

IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="同一个键和内容再发一次，得到第一次的回答，不会再做一遍；保留 7 天"),
]
FileName = Annotated[
    str, Query(max_length=200, description="文件名；格式按后缀和内容认：json、jsonl、csv、xlsx、txt、zip")
]
FILE_BODY = {
    "requestBody": {
        "required": True,
        "description": "文件本身，原样作为请求体",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""What the description says of a route whose body is a file."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that a program sent: where it lies, seekable, and its SHA-256."""

    file: BinaryIO
    sha256: str


@asynccontextmanager
async def sent_file(request: Request, filename: str) -> AsyncIterator[SentFile]:
    """Context manager: the body of a request in a file that is gone afterwards.

    Args:
        request: whose body is the file.
        filename: its name, which is never a path.

    Raises:
        ExportError: the name is a path.
        InputError: the body is empty.
    """
    refuse_path(filename)
    digest, size = hashlib.sha256(), 0
    with TemporaryFile() as spool:
        async for chunk in request.stream():
            digest.update(chunk)
            size += len(chunk)
            spool.write(chunk)
        if not size:
            raise InputError("请求体里没有文件", "请把文件原样作为请求体发送")
        spool.seek(0)
        yield SentFile(cast(BinaryIO, spool), digest.hexdigest())


async def once(
    request: Request, store: Store, key: str | None, content: str, work: Callable[[], ApiModel], *, status: int = 200
) -> JSONResponse:
    """Carry out a request in another thread; one that was sent before under the same key is answered as it was then.

    Args:
        request: what was sent.
        store: the open store.
        key: that the program gave it; ``None``: it is carried out each time.
        content: digest of what it was sent with.
        work: carries it out.
        status: of its answer.

    Raises:
        InputError: the key was used for something else.
        ConflictError: the same request is under way.
    """

    def carry_out() -> JSONResponse:
        if key is None:
            return JSONResponse(_json(work()), status)
        token_id = holder_of(request).token.id
        asked_for = f"{request.method} {request.url.path}?{request.url.query}\n{content}"
        before = begin_request(store, token_id, key, hashlib.sha256(asked_for.encode("utf-8", "replace")).hexdigest())
        if before is not None:
            return JSONResponse(before.answer, before.status, headers={"Idempotent-Replayed": "true"})
        answer: StoredAnswer | None = None
        try:
            answer = StoredAnswer(status, _json(work()))
        finally:
            finish_request(store, token_id, key, answer)
        return JSONResponse(answer.answer, status)

    return await run_in_threadpool(carry_out)


def _json(model: ApiModel) -> dict[str, Any]:
    return model.model_dump(mode="json")
