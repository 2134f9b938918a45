"""What failures of OpenAI-compatible services mean: statuses, codes and words of many services, as causes."""

import re
import ssl
from typing import Any

from core.adapters.llm.failures import (
    ReplyTooLargeError,
    failure,
    is_spark_code,
    redirect_failure,
    size_failure,
    spark_failure,
)
from core.errors import Cause, ProviderError

_TOO_LONG = re.compile(
    r"context.?length|maximum context|too (long|many tokens)|max_model_len|input length", re.IGNORECASE
)
_AUDIT = re.compile(
    r"content.?filter|inappropriate|data_inspection|sensitive|content.?policy|moderation", re.IGNORECASE
)
_NO_MONEY_CODE = re.compile(
    r"insufficient_?(?:user_?)?(?:quota|balance|funds|credits?)|billing_?(?:hard_?limit_?reached|not_?active)"
    r"|account_?(?:overdue|in_?arrears)(?:_?error)?|arrear(?:s|age)?|exceeded_?current_?quota(?:_?error)?",
    re.IGNORECASE,
)
"""Codes and types that say the money is gone; ``quota`` alone says nothing, for limits per minute are quotas too."""
_NO_MONEY_WORDS = re.compile(
    r"insufficient[ _](?:account )?(?:balance|funds|credits?|quota)|in arrears|欠费|余额不足|余额已用完", re.IGNORECASE
)
_PER_TIME = re.compile(
    r"per[ _-]?(?:second|minute|hour)|\b[rt]p[ms]\b|/\s?min|每分钟|每秒|每小时|rate.?limit", re.IGNORECASE
)
_NO_JSON_MODE = re.compile(r"response_format|json_object|json_schema|json.?mode", re.IGNORECASE)
_NOT_ABOUT_THE_FORMAT = frozenset({401, 402, 403, 408, 413, 429})
"""Refusals of a key, of the account, of the size or of the pace."""
_CODE = re.compile(r"[\w.\-]{1,60}", re.ASCII)


def code_text(code: object) -> str:
    """A service's own error code as a short word; a service may put anything there, and it is shown and stored."""
    text = "" if code is None else str(code)
    return text if _CODE.fullmatch(text) or not text else "无法识别"


def may_refuse_format(error: Any) -> bool:
    """Whether an answer may refuse the response format; any refusal but one that says something else."""
    body = error.body if isinstance(error.body, dict) else {}
    reason = f"{body.get('code') or ''} {body.get('message') or ''} {body.get('param') or ''} {error.message}"
    if _NO_JSON_MODE.search(reason):
        return error.status_code in (400, 404, 422, 500, 501)
    if not 400 <= error.status_code < 500 or error.status_code in _NOT_ABOUT_THE_FORMAT:
        return False
    return not (_TOO_LONG.search(reason) or _AUDIT.search(reason) or is_spark_code(str(body.get("code") or "")))


def explain_connection(error: Any) -> ProviderError:
    """The failure that a broken or refused connection stands for, by what is behind the package's error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ReplyTooLargeError):
            return size_failure()
        if isinstance(cause, ssl.SSLError) or "CERTIFICATE_VERIFY_FAILED" in str(cause):
            return failure(Cause.CONFIG, "模型服务的证书没有通过校验", "请核对模型的地址，并检查是否有代理改写了连接")
        cause = cause.__cause__ or cause.__context__
    return failure(Cause.NETWORK, "连接不上模型服务")


def _money_is_gone(body: dict[str, Any], message: str) -> bool:
    """Whether an error says that the account has no money left; a limit per minute passes by itself."""
    if any(_NO_MONEY_CODE.fullmatch(str(body.get(name) or "").strip()) for name in ("code", "type")):
        return True
    words = str(body.get("message") or message)
    return bool(_NO_MONEY_WORDS.search(words)) and not _PER_TIME.search(words)


def explain_status(error: Any) -> ProviderError:
    """The failure that an HTTP status and its body stand for.

    Args:
        error: with ``status_code``, ``body`` and ``message``, as the package raises it.
    """
    status = int(error.status_code)
    body = error.body if isinstance(error.body, dict) else {}
    code = str(body.get("code") or "")
    if is_spark_code(code):
        return spark_failure(code)
    error_text = f"{code} {body.get('type') or ''} {body.get('message') or error.message}"
    place = f"（HTTP {status}）"
    shown = str(status)
    if status < 400:
        return redirect_failure(status)
    if status == 401:
        return failure(Cause.AUTH, f"模型服务拒绝了密钥{place}", code=shown)
    if status == 402 or (status in (403, 429) and _money_is_gone(body, str(error.message))):
        return failure(Cause.QUOTA, f"模型服务的余额或用量不足{place}", code=shown)
    if status == 403:
        return failure(Cause.LICENCE, f"没有使用这个模型的权限{place}", code=shown)
    if status == 404:
        return failure(
            Cause.BAD_REQUEST,
            f"模型服务没有这个地址或模型{place}",
            "请核对模型的地址（模型页或 OPENAI_BASE_URL）和名称",
            code=shown,
        )
    if status == 408:
        return failure(Cause.TIMEOUT, f"模型服务处理超时{place}", code=shown)
    if status == 429:
        return failure(Cause.RATE, f"调用模型服务过于频繁{place}", code=shown)
    if status >= 500:
        return failure(Cause.SERVER, f"模型服务出错{place}", code=shown)
    if status == 413 or _TOO_LONG.search(error_text):
        return failure(Cause.TOO_LONG, f"提问超过了模型的上下文长度{place}", code=shown)
    if _AUDIT.search(error_text):
        return failure(Cause.AUDIT, f"内容没有通过服务方的审核{place}", code=shown)
    return failure(Cause.BAD_REQUEST, f"模型服务不接受这个请求{place}", code=shown)
