"""Errors of model services, translated into causes, sentences and remedies."""

import tomllib
from functools import lru_cache
from pathlib import Path

from core.adapters.llm.model_spec import ModelSpec
from core.errors import Cause, ProviderError

SPARK_CODES_FILE = Path(__file__).with_name("spark_codes.toml")

LENGTH = "length"
"""Code of an answer that ended because it reached ``max_tokens``: asking again would cost the same and end the same."""

TOO_LARGE = "too_large"
"""Code of a reply that was cut off because it is larger than any answer: asking again is likely to end the same."""

EMPTY = "empty"
"""Code of a reply without an answer in it: the question was read and is billed, so it is asked once more at most."""

UNREADABLE = "batch_unreadable"
"""Code of lines of a batch that were answered, and so paid for, in a shape that cannot be read."""

PAID = frozenset({LENGTH, "content_filter", EMPTY, UNREADABLE})
"""Codes of answers that came and are paid for, though they cannot be used."""

LARGEST_REPLY = 20_000_000
"""Bytes of one reply, all frames together and after decompression; the longest answers of models have some 500,000."""

REMEDIES: dict[Cause, str] = {
    Cause.CONFIG: "请检查环境变量里的地址和模型设置",
    Cause.AUTH: "请核对环境变量里的密钥，并确认本机时间准确",
    Cause.LICENCE: "请在服务方的控制台开通这个模型或补充用量，或换一个模型",
    Cause.QUOTA: "请在服务方的控制台查看余额和用量，补充后再重试失败的群聊",
    Cause.RATE: "请调低并发数或稍后重试",
    Cause.AUDIT: "这段群聊请人工填写，或换一个模型",
    Cause.TOO_LONG: "请换上下文更长的模型，或先清理这段群聊",
    Cause.BAD_REQUEST: "请检查模型名称和参数",
    Cause.TIMEOUT: "请稍后重试，或调大时限",
    Cause.NETWORK: "请检查网络和代理设置后重试",
    Cause.CUT_OFF: "请稍后重试",
    Cause.SERVER: "这是服务方的问题，请稍后重试",
    Cause.UNKNOWN: "请查看日志里的原始错误",
}


def failure(cause: Cause, message: str, remedy: str = "", *, code: str = "", partial: str = "") -> ProviderError:
    """A :class:`ProviderError` with the usual remedy of its cause unless another is given."""
    return ProviderError(cause, message, remedy or REMEDIES[cause], code=code, partial=partial)


@lru_cache(maxsize=1)
def _spark_codes() -> dict[str, tuple[Cause, str]]:
    raw = tomllib.loads(SPARK_CODES_FILE.read_text(encoding="utf-8"))
    return {code: (Cause(cause), message) for code, (cause, message) in raw.items()}


def spark_failure(code: int | str, partial: str = "") -> ProviderError:
    """Error for a Spark error code; codes that nobody documented are ``UNKNOWN``."""
    cause, message = _spark_codes().get(str(code), (Cause.UNKNOWN, "星火服务返回了没有公开说明的错误"))
    return failure(cause, f"{message}（错误码 {code}）", code=str(code), partial=partial)


def is_spark_code(code: object) -> bool:
    """Whether a code is one of Spark's documented error codes."""
    return str(code) in _spark_codes()


def empty_failure() -> ProviderError:
    """Error for a reply that has no answer in it."""
    return failure(Cause.SERVER, "模型服务的回复里没有答案", code=EMPTY)


def length_failure(max_tokens: int | None, partial: str) -> ProviderError:
    """Error for an answer that was cut off at ``max_tokens``."""
    limit = f"（max_tokens {max_tokens}）" if max_tokens else ""
    return failure(
        Cause.CUT_OFF,
        f"回答到达长度上限{limit}，结尾被截断",
        "请调大 max_tokens 或换一个模型",
        code=LENGTH,
        partial=partial,
    )


class ReplyTooLargeError(Exception):
    """A reply has more than :data:`LARGEST_REPLY` bytes; raised while it is read."""


def size_failure() -> ProviderError:
    """Error for a reply that is larger than any answer; the connection is closed by then."""
    return failure(
        Cause.SERVER,
        f"模型服务的回复太大（超过 {LARGEST_REPLY // 1_000_000} MB），没有读完",
        "请核对模型的地址，或请服务方检查",
        code=TOO_LARGE,
    )


def timeout_failure(seconds: float, partial: str = "") -> ProviderError:
    """Error for a call that missed its deadline."""
    return failure(Cause.TIMEOUT, f"模型在 {seconds:g} 秒内没有答完", partial=partial)


def redirect_failure(status: int) -> ProviderError:
    """Error for a redirect (HTTP 3xx), which is never followed."""
    return failure(
        Cause.CONFIG,
        f"模型服务要求改去别的地址（HTTP {status}），为了不泄露密钥和群聊，没有跟随",
        "请向服务方核对地址，把最终的地址填进模型",
        code=str(status),
    )


def missing_variables(provider: str, missing: list[str]) -> str:
    """Sentence that names the missing environment variables; ``""`` where none is missing.

    Args:
        provider: who cannot be used, in quotation marks.
        missing: names of variables.
    """
    if not missing:
        return ""
    return f"{provider}还不能用：缺少环境变量 {'、'.join(missing)}，请设置后重新启动。"


def missing_parts(spec: ModelSpec) -> str:
    """Sentence that names the settings a template still lacks; ``""`` where it is complete."""
    missing = spec.missing_settings()
    if not missing:
        return ""
    titles = {"model": "服务方的名称（model）"}
    missing_titles = "、".join(titles.get(name, name) for name in missing)
    return f"模型「{spec.name}」是模板：还缺 {missing_titles}，请在模型页复制它并填写。"
