"""Validation of a model entry written by a user: no keys, plausible numbers, a valid address."""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import ConfigDict, ValidationError, ValidationInfo, field_validator, model_validator

from core.adapters.llm import PROVIDERS, ModelSpec, provider_entry
from core.adapters.llm.destinations import authorise_model
from core.adapters.llm.origins import parse_origin
from core.domain.model_settings import ModelSettings
from core.errors import SettingsError
from core.secrets import is_key_name

_SECRET_NAME = re.compile(r"api.?key|secret|password|authoriz|bearer|access.?token|^token$|^app_?id$", re.IGNORECASE)
_TITLES = {
    "name": "名称",
    "title": "显示名",
    "provider": "服务",
    "model": "服务方的名称",
    "url": "地址",
    "key_env": "密钥变量",
    "context_tokens": "上下文长度",
    "max_output_tokens": "最长回答",
    "concurrency": "并发数",
    "per_minute": "每分钟次数",
    "price_in": "提问单价",
    "price_out": "回答单价",
    "price_cached": "缓存单价",
    "batch_url": "批量地址",
    "batch_share": "批量价格",
    "batch_deadline": "批量时限",
    "batch_source": "批量出处",
    "parameters": "附加参数",
    "note": "备注",
}
_REASONS = {
    "missing": "没有填写",
    "int_parsing": "应为整数",
    "float_parsing": "应为数字",
}


_MOST_CHARACTERS = {
    "name": 80,
    "title": 80,
    "model": 200,
    "url": 500,
    "key_env": 64,
    "note": 2000,
    "batch_url": 500,
    "batch_source": 500,
}
_RANGES: dict[str, tuple[float, float]] = {
    "context_tokens": (0, 100_000_000),
    "max_output_tokens": (0, 10_000_000),
    "concurrency": (1, 256),
    "per_minute": (1, 1_000_000),
    "price_in": (0, 10_000),
    "price_out": (0, 10_000),
    "price_cached": (0, 10_000),
    "batch_share": (0, 1),
    "batch_deadline": (0, 336),
}
_PARAMETERS: dict[str, tuple[int, int, type[int] | type[float]]] = {
    "max_tokens": (1, 10_000_000, int),
    "top_k": (0, 10_000, int),
    "temperature": (0, 100, float),
    "top_p": (0, 1, float),
}
"""Parameters that the program itself takes for numbers, wherever an entry is used."""


class ModelDraft(ModelSettings):
    """A model entry written by a user: the fields of :class:`ModelSettings`, validated."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator(*_MOST_CHARACTERS)
    @classmethod
    def _length_in_range(cls, value: str, info: ValidationInfo) -> str:
        if len(value) > _MOST_CHARACTERS[info.field_name or ""]:
            raise ValueError("太长")
        return value

    @field_validator("name")
    @classmethod
    def _named(cls, value: str) -> str:
        if not value:
            raise ValueError("没有填写")
        return value

    @field_validator(*_RANGES)
    @classmethod
    def _number_in_range(cls, value: float | None, info: ValidationInfo) -> float | None:
        smallest, largest = _RANGES[info.field_name or ""]
        if value is None:
            return None
        if not isfinite(value):
            raise ValueError("应为数字")
        if not smallest <= value <= largest:
            raise ValueError("太小" if value < smallest else "太大")
        return value

    @field_validator("provider")
    @classmethod
    def _known_provider(cls, value: str) -> str:
        if value not in PROVIDERS:
            raise ValueError(f"没有名为「{value}」的服务，可以是 {'、'.join(PROVIDERS)}")
        return value

    @field_validator("key_env")
    @classmethod
    def _name_not_key(cls, value: str) -> str:
        if value and not is_key_name(value):
            # The value is not repeated: it may be a key that was pasted by mistake.
            raise ValueError(
                "应为环境变量的名称（大写字母，以 KEY、TOKEN、SECRET 或 PASSWORD 结尾，例如 DEEPSEEK_API_KEY），"
                "不要填密钥本身"
            )
        return value

    @field_validator("parameters")
    @classmethod
    def _no_keys_inside(cls, value: dict[str, Any]) -> dict[str, Any]:
        if secret_name := _secret_name(value):
            raise ValueError(f"不能包含「{secret_name}」：密钥只从环境变量读取")
        return value

    @field_validator("parameters")
    @classmethod
    def _plausible_numbers(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name, (smallest, largest, kind) in _PARAMETERS.items():
            number = value.get(name)
            if number is None:
                continue
            if isinstance(number, bool) or not isinstance(number, int if kind is int else int | float):
                raise ValueError(f"{name} 应为{'整数' if kind is int else '数字'}")
            if not smallest <= number <= largest:
                raise ValueError(f"{name} 应在 {smallest:,} 和 {largest:,} 之间")
        return value

    @model_validator(mode="after")
    def _address_fits(self) -> "ModelDraft":
        for title, url in (("地址", self.url), ("批量地址", self.batch_url)):
            if url:
                _check_address(title, url, self.provider)
        return self

    @model_validator(mode="after")
    def _batch_fits(self) -> "ModelDraft":
        if (self.batch_files or self.batch_url) and not provider_entry(self.provider).batch:
            raise ValueError(f"{provider_entry(self.provider).title}没有批量调用")
        return self

    @model_validator(mode="after")
    def _key_may_go_there(self) -> "ModelDraft":
        """The same rule that every call asks, so that a refusal is read where it can be mended."""
        try:
            authorise_model(self)
            if self.batch_url:
                authorise_model(self.model_copy(update={"url": self.batch_url}))
        except SettingsError as error:
            raise ValueError(f"{error.message}，{error.remedy}") from None
        return self


def _check_address(title: str, url: str, provider: str) -> None:
    try:
        parse_origin(url)
    except SettingsError as error:
        raise ValueError(f"{title}：{error.message}，{error.remedy}") from None
    parts = urlsplit(url)
    entry = provider_entry(provider)
    if parts.scheme not in entry.schemes:
        expected = f"应以 {entry.schemes[0]}:// 开头" if entry.remote else f"{entry.title}没有地址"
        raise ValueError(f"{title}：{expected}")
    if any(_SECRET_NAME.search(key) for key, _ in parse_qsl(parts.query)):
        raise ValueError(f"{title}：不能包含密钥，密钥只从环境变量读取")


def validate_model(values: Mapping[str, Any]) -> ModelDraft:
    """Validate the values of a model entry as a user wrote them.

    Raises:
        SettingsError: names the field and the reason, and never repeats what may be a key.
    """
    try:
        return ModelDraft.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        reason = str(first.get("ctx", {}).get("error", "")) or _REASONS.get(first["type"], "不是可用的值")
        title = _TITLES.get(field, field)
        sentence = f"{title}：{reason}" if title else reason
        raise SettingsError(f"模型没有保存。{sentence}", "请改正后再保存") from None


def draft_of(spec: ModelSpec) -> dict[str, Any]:
    """The values of an entry that a user may change."""
    return {name: value for name, value in spec.as_dict().items() if name in ModelDraft.model_fields}


def _secret_name(value: Any) -> str:
    """The first key in nested parameters that looks like the name of a secret."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if _SECRET_NAME.search(str(name)):
                return str(name)
            if secret_name := _secret_name(inner):
                return secret_name
    if isinstance(value, list):
        return next((secret_name for inner in value if (secret_name := _secret_name(inner))), "")
    return ""
