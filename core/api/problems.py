"""What the API answers where something may not be: problem documents (RFC 9457) with the sentence of the pages."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from core import errors
from core.errors import ShiyaoError, shorten
from core.validation_words import why_refused

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger("shiyao.api")

STATUSES: Mapping[type[ShiyaoError], int] = {
    errors.InputError: 422,
    errors.FormError: 422,
    errors.PromptError: 422,
    errors.SettingsError: 422,
    errors.ExportError: 422,
    errors.NotFoundError: 404,
    errors.ConflictError: 409,
    errors.RunError: 409,
    errors.PermissionDeniedError: 403,
    errors.SignInError: 401,
    errors.ProviderError: 502,
    errors.StoreUnavailableError: 503,
    errors.StoreError: 500,
    ShiyaoError: 400,
}
"""Status of an answer by the kind of error; the nearest class counts."""

TITLES: Mapping[int, str] = {
    400: "请求不能执行",
    401: "没有有效的访问令牌",
    403: "没有权限",
    404: "没有这样东西",
    405: "这个地址不接受这种方法",
    409: "和现在的状态冲突",
    413: "请求太大",
    415: "不接受这种内容",
    422: "请求的内容不能用",
    429: "请求太多",
    500: "程序出错",
    502: "模型服务出错",
    503: "数据库暂时不可用",
}
_HTTP_SENTENCES: Mapping[int, tuple[str, str]] = {
    400: ("请求读不出来", "请求体应是 UTF-8 编码的 JSON"),
    404: ("没有这个地址", "所有地址见 /api/v1/openapi.json"),
    405: ("这个地址不接受这种方法", "各地址的方法见 /api/v1/openapi.json"),
}


class WrongPlace(BaseModel):
    """One place of a request that cannot be used."""

    where: str = Field(description="在哪里：body、query、path 或 header，再到字段")
    why: str = Field(description="哪里不对")


class ProblemDocument(BaseModel):
    """Why something may not be (RFC 9457), with a sentence and what to do in Chinese."""

    type: str = Field(description="种类，如 urn:shiyao:problem:not-found")
    title: str = Field(description="种类的名称")
    status: int = Field(description="HTTP 状态")
    detail: str = Field(description="哪里不对：和网页上同一句话")
    remedy: str = Field(default="", description="怎么办；句子里已经说明时为空")
    errors: list[WrongPlace] = Field(default_factory=list, description="请求里不能用的地方（422）")


def problem(
    status: int,
    detail: str,
    remedy: str = "",
    *,
    kind: str = "",
    places: list[WrongPlace] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer that says why something may not be.

    Args:
        status: of HTTP.
        detail: one Chinese sentence, without the full stop.
        remedy: what to do, in Chinese.
        kind: the last part of its ``type``; by the status where empty.
        places: of the request that cannot be used.
        headers: further ones.
    """
    document = ProblemDocument(
        type=f"urn:shiyao:problem:{kind or status}",
        title=TITLES.get(status, TITLES[400]),
        status=status,
        detail=shorten(detail),
        remedy=remedy,
        errors=places or [],
    )
    return JSONResponse(document.model_dump(), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def problem_of(error: ShiyaoError) -> Response:
    """The answer for an error that a page would show as a sentence."""
    of_class = next(cls for cls in type(error).__mro__ if cls in STATUSES)
    status = STATUSES[of_class]
    headers = {"Retry-After": "5"} if status == 503 else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(status, error.message, error.remedy, kind=_kind(of_class), headers=headers)


def unexpected(error: Exception) -> Response:
    """The answer for a mistake of the program itself; its trace goes to the log."""
    _log.error("a request failed", exc_info=error)
    return problem(500, f"程序出错（{type(error).__name__}），详情已记入日志", "请把日志交给维护的人")


def answer_problems(app: FastAPI) -> None:
    """Have an app answer all errors as problem documents."""

    @app.exception_handler(ShiyaoError)
    def refused(_request: Request, error: ShiyaoError) -> Response:
        _log.info("refused: %s", type(error).__name__)
        return problem_of(error)

    @app.exception_handler(RequestValidationError)
    def not_valid(_request: Request, error: RequestValidationError) -> Response:
        places = [
            WrongPlace(where=".".join(map(str, one["loc"])), why=shorten(why_refused(one)))
            for one in error.errors()[:20]
        ]
        names = "、".join(dict.fromkeys(place.where for place in places[:5]))
        reasons = list(dict.fromkeys(place.why for place in places))
        why = f"：{reasons[0]}" if len(reasons) == 1 else ""
        return problem(422, f"请求里的 {names} 不能用{why}", "请按 /api/v1/openapi.json 修改", places=places)

    @app.exception_handler(HTTPException)
    def http_refusal(_request: Request, error: HTTPException) -> Response:
        sentence, remedy = _HTTP_SENTENCES.get(error.status_code, (str(error.detail), ""))
        return problem(error.status_code, sentence, remedy, headers=error.headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the description says of problems that a route may answer beside those that all may."""
    return {
        status: {"description": TITLES[status], "content": {MEDIA_TYPE: {"schema": _REFERENCE}}} for status in statuses
    }


_REFERENCE = {"$ref": "#/components/schemas/ProblemDocument"}


def _kind(error: type[ShiyaoError]) -> str:
    name = error.__name__.removesuffix("Error")
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in name).lstrip("-")
