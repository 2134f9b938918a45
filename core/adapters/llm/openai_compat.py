"""Provider ``openai``: any OpenAI-compatible service (Spark's HTTP endpoint, DeepSeek, Qwen, vLLM, Ollama).

Through the real ``openai`` package, imported inside a call (it takes a fifth of a second), without its own retries:
whether to ask again is decided in one place, by cause.
"""

import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from core.adapters.llm.base import ModelReply, ModelRequest, token_count
from core.adapters.llm.deadline import DeadlineExceeded, stopwatch
from core.adapters.llm.destinations import Destination, authorise, require_allowed
from core.adapters.llm.failures import (
    LARGEST_REPLY,
    ReplyTooLargeError,
    empty_failure,
    failure,
    is_spark_code,
    length_failure,
    missing_parts,
    missing_variables,
    size_failure,
    spark_failure,
    timeout_failure,
)
from core.adapters.llm.model_spec import ModelSpec
from core.adapters.llm.openai_failures import code_text, explain_connection, explain_status, may_refuse_format
from core.adapters.llm.redaction import without_keys
from core.adapters.llm.registry import ProviderEntry
from core.errors import Cause, ProviderError, SettingsError
from core.secrets import secret
from core.settings import OpenAISettings

if TYPE_CHECKING:
    from core.adapters.llm.kept_connections import Connection

T = TypeVar("T")
_OWN_PARAMETERS = frozenset(
    {"temperature", "max_tokens", "json_mode", "json_schema", "patch_id", "lora_id", "top_p", "seed"}
)
_KEYLESS = "none"
"""Placeholder key for services without one: the package insists on a key."""

_refused_formats: set[tuple[str, str, str]] = set()
"""``(URL, model, format)`` that were refused, while it was answered without; this process does not ask for it again."""


class OpenAIProvider:
    """An OpenAI-compatible service through ``openai``."""

    name = "openai"

    def __init__(self, settings: OpenAISettings | None = None, spec: ModelSpec | None = None) -> None:
        self._settings = settings or OpenAISettings.current()
        self._spec = spec

    @property
    def default_url(self) -> str:
        """URL from the environment (``OPENAI_BASE_URL``)."""
        return self._settings.base_url

    def ready(self) -> str:
        """Reason why it cannot be called (something missing, a key that may not go there); ``""`` if it can."""
        return self._check()[0]

    def _check(self) -> tuple[str, Destination | None]:
        """As :meth:`ready`, and where its key may go."""
        if self._spec and (incomplete := missing_parts(self._spec)):
            return incomplete, None
        # Before the key is looked for: whether a variable is set is nobody's business if it is not one of ours.
        destination: Destination | None = None
        try:
            if self._address():
                destination = authorise(self._address(), self._variable())
            else:
                require_allowed(self._variable())
        except SettingsError as error:
            return str(error), None
        title = f"「{ENTRY.title}」"
        missing = [] if self._address() else ["OPENAI_BASE_URL"]
        if not self._key():
            missing.append(self._variable())
        if self._spec and self._spec.url:
            title = f"模型「{self._spec.title}」"
        return missing_variables(title, missing), destination

    @without_keys
    def complete(self, request: ModelRequest) -> ModelReply:
        """Send one request; where the service refuses the form's schema, another in JSON mode, and one without.

        What a service calls structured output when it refuses it, each says otherwise: any refusal may be of that.

        Parameters read from the request: ``temperature``, ``top_p``, ``seed``, ``max_tokens``, ``json_mode`` (asks for
        ``response_format`` ``json_object``), ``json_schema`` (in JSON mode, asks for the form's schema instead, which
        the server then holds the answer to), ``lora_id`` or ``patch_id`` (sent as header ``lora_id``, which Spark's
        fine-tuned models want); others go into the body as they are.

        Raises:
            ProviderError: with its cause; nothing else.
        """
        model = self.model_of(request)
        from core.adapters.llm.openai_package import openai

        elapsed = stopwatch()
        place = (self._address(), model)
        refusals: list[tuple[str, str, str]] = []

        def ask(client: Any) -> Any:
            arguments = call_arguments(request, model, self._spec) | {"timeout": request.deadline}
            for response_format in response_formats(request):
                if (refused := (*place, response_format["type"])) in _refused_formats:
                    continue
                try:
                    return _create_completion(client, **arguments, response_format=response_format)
                except openai.APIStatusError as error:
                    if not may_refuse_format(error):
                        raise
                    refusals.append(refused)
            return _create_completion(client, **arguments)

        reply = self.call(ask, request.deadline)
        _refused_formats.update(refusals)
        notes = tuple(f"模型服务不接受 {refused} 格式的要求，改为不这样要求再问了一次" for *_, refused in refusals)
        return replace(read_completion(reply, request, model, elapsed()), notes=notes)

    def model_of(self, request: ModelRequest) -> str:
        """What the service calls the model that a request is for.

        Raises:
            ProviderError: none is named.
        """
        model = request.model or (self._spec.api_name if self._spec else "") or self._settings.model
        if not model:
            raise failure(Cause.CONFIG, "没有指定模型", "请设置环境变量 OPENAI_MODEL，或在抽取任务里填写模型")
        return model

    def call(self, ask: Callable[[Any], T], seconds: float, *, largest: int = LARGEST_REPLY) -> T:
        """Ask the service something with a client that reaches its address and nothing else; every failure has a cause.

        Args:
            ask: given the client (``openai.OpenAI``).
            seconds: after which it has failed.
            largest: bytes of the largest reply that is read.

        Raises:
            ProviderError: with its cause; nothing else.
        """
        reason, destination = self._check()
        if reason or destination is None:
            raise ProviderError(Cause.CONFIG, reason.rstrip("。"))
        from core.adapters.llm.openai_package import openai

        connection = self._connection(destination, largest)
        try:
            return connection.ask(ask, seconds)
        except (DeadlineExceeded, openai.APITimeoutError) as error:
            raise timeout_failure(seconds) from error
        except openai.APIStatusError as error:
            raise explain_status(error) from self._safe(error)
        except ReplyTooLargeError as error:
            raise size_failure() from error
        except SettingsError as error:
            raise ProviderError(Cause.CONFIG, error.message, error.remedy) from error
        except openai.APIConnectionError as error:
            raise explain_connection(error) from self._safe(error)
        except (openai.OpenAIError, ValueError) as error:  # ValueError: a body that is not JSON
            raise failure(Cause.SERVER, "模型服务的回复不是约定的格式") from self._safe(error)
        except Exception as error:
            raise failure(Cause.UNKNOWN, f"调用模型服务时出错（{type(error).__name__}）") from self._safe(error)

    def _connection(self, destination: Destination, largest: int) -> "Connection":
        """A client that can reach this model's address and nothing else, for one call; a used one where there is."""
        from core.adapters.llm.kept_connections import connection_for

        try:
            tls = verifying_tls(destination)
            sdk_headers = self._variable() == ENTRY.usual_variable
            return connection_for(
                self._address(), self._key(), destination, tls, sdk_headers=sdk_headers, largest=largest
            )
        except SettingsError as error:
            raise ProviderError(Cause.CONFIG, error.message, error.remedy) from error

    def _variable(self) -> str:
        """The variable of the key that goes to the address; ``""`` for services without one."""
        return ENTRY.variable_of(self._spec) if self._spec else ENTRY.usual_variable

    def _address(self) -> str:
        """URL of the entry, else of the environment, without a trailing ``/chat/completions``."""
        address = (self._spec.url if self._spec else "") or self._settings.base_url
        return re.sub(r"/chat/completions/?$", "", address.strip())

    def keys(self) -> Sequence[str]:
        """The key that is sent; replies are searched for it."""
        return (self._key(),)

    def _key(self) -> str:
        """Key to send; a placeholder for services without one."""
        variable = self._variable()
        if not variable:
            return _KEYLESS
        if variable == ENTRY.usual_variable:
            return self._settings.api_key.get_secret_value().strip()
        return secret(variable).get_secret_value()

    def _safe(self, error: BaseException) -> BaseException | None:
        """Error to chain as cause; ``None`` if its text contains the key (some services echo it)."""
        return None if self._key() in str(error) else error


ENTRY = ProviderEntry(
    "openai",
    "OpenAI 兼容接口",
    lambda spec: OpenAIProvider(spec=spec),
    concurrency=8,
    schemes=("https", "http"),
    url_hint="https://…/v1；留空用环境变量 OPENAI_BASE_URL",
    environment_url=lambda: OpenAISettings.current().base_url,
    key_variables=("OPENAI_API_KEY",),
    own_key=True,
    default_model=lambda: OpenAISettings.current().model,
    any_model=True,
    model_hint="模型名，例如 deepseek-chat",
    resource="lora_id",
    json_mode=True,
    batch=True,
)


def verifying_tls(destination: Destination) -> ssl.SSLContext:
    """TLS context for a destination: with root certificates, or, where it is spoken to without TLS, with none."""
    return _tls() if destination.origin.encrypted else _no_tls()


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """TLS context with the root certificates that ``httpx`` uses, read once.

    Each client would read all root certificates anew, 44 ms of processor time: 3 s for 64 calls.
    """
    import httpx

    return httpx.create_ssl_context()


@lru_cache(maxsize=1)
def _no_tls() -> ssl.SSLContext:
    """TLS context for a destination that is spoken to without: it trusts nobody, and takes no time to make."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def call_arguments(request: ModelRequest, model: str, spec: ModelSpec | None) -> dict[str, Any]:
    """What a request is in the words of the package, but for its response format.

    Args:
        request: what is asked.
        model: the service's name of the model.
        spec: its entry.
    """
    parameters = dict(request.parameters)
    system, prompt = request.system, request.prompt
    if system and spec and not spec.system:
        system, prompt = "", f"{system}\n\n{prompt}"
    if spec and spec.max_output_tokens and parameters.get("max_tokens"):
        parameters["max_tokens"] = min(int(parameters["max_tokens"]), spec.max_output_tokens)
    messages = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": prompt})
    arguments: dict[str, Any] = {"model": model, "messages": messages}
    for name in ("temperature", "top_p", "seed", "max_tokens"):
        if parameters.get(name) is not None:
            arguments[name] = parameters[name]
    if resource := parameters.get("lora_id") or parameters.get("patch_id"):
        arguments["extra_headers"] = {"lora_id": str(resource)}
    if extra := {key: value for key, value in parameters.items() if key not in _OWN_PARAMETERS}:
        arguments["extra_body"] = extra
    return arguments


def _create_completion(
    client: Any,
    *,
    timeout: float,
    extra_headers: dict[str, str] | None = None,
    extra_body: dict[str, Any] | None = None,
    **body: Any,
) -> Any:
    """``client.chat.completions.create`` for a body that is JSON already: without looking through it for what is not.

    That takes a fifth of a call's processor time. Arguments are those of ``create``.
    """
    from openai.types.chat import ChatCompletion

    options: dict[str, Any] = {"timeout": timeout, "security": {"bearer_auth": True}}
    if extra_headers:
        options["headers"] = extra_headers
    if extra_body:
        options["extra_json"] = extra_body
    return client.post("/chat/completions", cast_to=ChatCompletion, body=body, options=options)


def response_formats(request: ModelRequest) -> list[dict[str, Any]]:
    """What is asked for, in the order in which it is tried: the forms' schema where the model entry says so, JSON mode.

    Suggested values are no enumeration: any other value stays possible.
    """
    if not request.parameters.get("json_mode"):
        return []
    json_mode: dict[str, Any] = {"type": "json_object"}
    if not request.parameters.get("json_schema") or request.form is None or request.task != "forms":
        return [json_mode]
    types: dict[bool, dict[str, Any]] = {
        False: {"type": "string"},
        True: {"type": "array", "items": {"type": "string"}},
    }
    one_form = _object_schema({field.key: types[field.is_list] for field in request.form.fields})
    schema = _object_schema({"infos": {"type": "array", "items": one_form}})
    return [
        {"type": "json_schema", "json_schema": {"name": "forms", "strict": True, "schema": schema}},
        json_mode,
    ]


def _object_schema(properties: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def read_completion(reply: Any, request: ModelRequest, model: str, seconds: float) -> ModelReply:
    """The answer in a completion.

    Args:
        reply: the package's completion.
        request: what was asked.
        model: the service's name of the model, where the reply names none.
        seconds: that it took.

    Raises:
        ProviderError: it is an error, is cut off or was refused, or holds no answer.
    """
    # Some services answer errors with HTTP 200 and a body of their own, which the package takes for a completion.
    extra = getattr(reply, "model_extra", None) or {}
    code = code_text(extra.get("code"))
    if code not in ("", "0"):
        raise (
            spark_failure(code)
            if is_spark_code(code)
            else failure(Cause.SERVER, f"模型服务返回了错误（错误码 {code}）", code=code)
        )
    usage = _usage(reply)
    tokens_in, tokens_out = token_count(usage.get("prompt_tokens")), token_count(usage.get("completion_tokens"))
    cached = cached_tokens(usage)
    choices = getattr(reply, "choices", None)
    if not choices or choices[0].message is None:
        raise empty_failure().with_token_usage(tokens_in, tokens_out, cached)
    choice = choices[0]
    text = choice.message.content or ""
    if not isinstance(text, str):  # the package checks no types
        raise empty_failure().with_token_usage(tokens_in, tokens_out, cached)
    if choice.finish_reason == "length":
        cut_off = length_failure(request.parameters.get("max_tokens"), text)
        raise cut_off.with_token_usage(tokens_in, tokens_out, cached)
    if choice.finish_reason == "content_filter":
        refused = failure(Cause.AUDIT, "模型的回答没有通过内容审核", code="content_filter", partial=text)
        raise refused.with_token_usage(tokens_in, tokens_out, cached)
    return ModelReply(text, tokens_in, tokens_out, seconds, str(reply.model or model), tokens_cached=cached)


def _usage(reply: Any) -> Mapping[str, Any]:
    """A reply's ``usage`` as it came; empty where there is none, or what is there is no object."""
    usage = getattr(reply, "usage", None)
    if (dump := getattr(usage, "model_dump", None)) is not None:
        usage = dump(warnings=False)  # the package reads it without checking types
    return usage if isinstance(usage, Mapping) else {}


def cached_tokens(usage: Mapping[str, Any]) -> int:
    """Tokens of a question that the service had kept from an earlier one, in the spellings of several services.

    ``prompt_tokens_details.cached_tokens`` (OpenAI, 百炼, 方舟, vLLM), ``prompt_cache_hit_tokens`` (DeepSeek) or
    ``cached_tokens`` beside the others (Moonshot); never more than the question has.

    Args:
        usage: a reply's ``usage``, as it came.
    """
    details = usage.get("prompt_tokens_details")
    spellings = (
        details.get("cached_tokens") if isinstance(details, Mapping) else None,
        usage.get("prompt_cache_hit_tokens"),
        usage.get("cached_tokens"),
    )
    known = [count for spelling in spellings if (count := token_count(spelling)) is not None]
    return min(max(known, default=0), token_count(usage.get("prompt_tokens")) or 0)
