"""Provider ``spark``: iFLYTEK's models through the real SDK, with its traps closed.

The only import of ``sparkai``, and only inside a call: it takes 0.3 to 0.5 s. What is closed here: one client per call
(a reused one gives other calls' answers), a deadline of our own in a daemon thread (the SDK's is four times as long and
leaks a thread that keeps the process alive), TLS verified, values of 0 clamped (they raise), a clean close in the
middle told from a complete answer, no log lines, no secrets in anything printed.
"""

import json
import logging
import math
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Any

from core.adapters.llm.base import ModelReply, ModelRequest, token_count
from core.adapters.llm.deadline import DeadlineExceeded, call_with_deadline, stopwatch
from core.adapters.llm.destinations import Destination, authorise, sentence_of
from core.adapters.llm.failures import (
    ReplyTooLargeError,
    failure,
    length_failure,
    missing_parts,
    missing_variables,
    redirect_failure,
    size_failure,
    spark_failure,
    timeout_failure,
)
from core.adapters.llm.model_spec import ModelSpec, SpecSource
from core.adapters.llm.presets import find_preset, presets
from core.adapters.llm.redaction import without_keys
from core.adapters.llm.registry import ProviderEntry
from core.adapters.llm.spark_wire import Wire
from core.errors import Cause, ProviderError, SettingsError
from core.settings import SparkSettings

DEFAULT_MAX_TOKENS = 4096
_LOWEST_TEMPERATURE = 0.01
_OWN_PARAMETERS = frozenset({"temperature", "max_tokens", "top_k", "json_mode", "patch_id"})
_import_lock = threading.Lock()


class SparkProvider:
    """Spark through ``spark-ai-python``."""

    name = "spark"

    def __init__(self, settings: SparkSettings | None = None, spec: ModelSpec | None = None) -> None:
        self._settings = settings or SparkSettings.current()
        self._spec = spec

    @property
    def default_url(self) -> str:
        """URL from the environment (``SPARKAI_URL``)."""
        return self._settings.url

    def ready(self) -> str:
        """Reason why it cannot be called (something missing, keys that may not go there); ``""`` if it can."""
        if self._spec and (missing := missing_parts(self._spec)):
            return missing
        if refusal := sentence_of(lambda: self._destination(self._domain())):
            return refusal
        variables = {
            "SPARKAI_APP_ID": self._settings.app_id,
            "SPARKAI_API_KEY": self._settings.api_key,
            "SPARKAI_API_SECRET": self._settings.api_secret,
        }
        return missing_variables(
            "「星火」", [name for name, value in variables.items() if not value.get_secret_value().strip()]
        )

    @without_keys
    def complete(self, request: ModelRequest) -> ModelReply:
        """Send one request, with a client of its own.

        Parameters read from the request: ``temperature`` (clamped into (0, 1]), ``max_tokens``, ``top_k``, ``patch_id``
        (a fine-tuned model's resource id); others go to the service as they are. ``json_mode`` has no meaning here.

        Raises:
            ProviderError: with its cause; nothing else.
        """
        if reason := self.ready():
            raise ProviderError(Cause.CONFIG, reason.rstrip("。"))
        domain = request.model or self._domain()
        elapsed = stopwatch()
        try:
            wire = Wire(self._destination(domain))
        except SettingsError as error:
            raise ProviderError(Cause.CONFIG, error.message, error.remedy) from error
        max_tokens = _max_tokens(request, self._known(domain))
        try:
            client, messages = self._client(request, domain, max_tokens, wire)
            result = call_with_deadline(
                # Not ``generate``: it also runs callbacks, and sends chats to a tracing service if a variable says so.
                lambda: client._generate(messages),
                request.deadline,
                abandon=_abandoner(client, wire),
            )
        except DeadlineExceeded as error:
            raise timeout_failure(request.deadline, wire.text) from error
        except Exception as error:
            raise self._explain(error, wire) from self._safe(error)
        finally:
            wire.abandon()
        if not result.generations or not wire.finished:
            raise self._explain(None, wire)
        usage = (result.llm_output or {}).get("token_usage") or {}
        tokens_in, tokens_out = token_count(usage.get("prompt_tokens")), token_count(usage.get("completion_tokens"))
        text = str(result.generations[0].message.content)
        if tokens_out is not None and tokens_out >= max_tokens:
            raise length_failure(max_tokens, text).with_token_usage(tokens_in, tokens_out)
        return ModelReply(text, tokens_in, tokens_out, elapsed(), domain)

    def _client(self, request: ModelRequest, domain: str, max_tokens: int, wire: Wire) -> tuple[Any, list[Any]]:
        sdk_class, message_class = _sdk()
        parameters = request.parameters
        extra = {key: value for key, value in parameters.items() if key not in _OWN_PARAMETERS}
        if patch_id := parameters.get("patch_id"):
            extra["patch_id"] = str(patch_id)
        temperature = float(parameters.get("temperature", 0.0))
        options: dict[str, Any] = {"top_k": int(parameters["top_k"])} if parameters.get("top_k") else {}
        client = sdk_class(
            spark_app_id=self._settings.app_id.get_secret_value().strip(),
            spark_api_key=self._settings.api_key.get_secret_value().strip(),
            spark_api_secret=self._settings.api_secret.get_secret_value().strip(),
            spark_api_url=self._url(domain),
            spark_llm_domain=domain,
            temperature=min(1.0, max(_LOWEST_TEMPERATURE, temperature)),
            max_tokens=max_tokens,
            # Ours comes first; this one only ends the SDK's own waiting should ours have been missed.
            request_timeout=math.ceil(request.deadline) + 1,
            model_kwargs=extra,
            streaming=False,
            **options,
        )
        client.client.client = wire
        return client, _messages(request, self._known(domain), message_class)

    def _domain(self) -> str:
        """Default domain (model name) for requests that name none."""
        return (self._spec.api_name if self._spec else "") or self._settings.domain

    def _destination(self, domain: str) -> Destination:
        return authorise(self._url(domain), ENTRY.usual_variable)

    def _known(self, domain: str) -> ModelSpec | None:
        """Entry of a domain: this provider's own, else the shipped one."""
        if self._spec and self._spec.api_name == domain:
            return self._spec
        return find_preset("spark", domain)

    def _url(self, domain: str) -> str:
        """URL for a domain: the own entry's, else ``SPARKAI_URL`` where that is not public, else the public one."""
        spec = self._known(domain)
        if spec and spec.url and spec.source == SpecSource.DATABASE:
            return spec.url
        public = {preset.url for preset in presets()}
        return spec.url if spec and spec.url and self._settings.url in public else self._settings.url

    def keys(self) -> Sequence[str]:
        """Everything secret that is sent; replies are searched for it."""
        own = (self._settings.app_id, self._settings.api_key, self._settings.api_secret)
        return [value.get_secret_value().strip() for value in own]

    def _safe(self, error: BaseException) -> BaseException | None:
        """Error to chain as cause; ``None`` if its text contains a secret."""
        secrets = (self._settings.api_key, self._settings.api_secret)
        return None if any(secret.get_secret_value() in str(error) for secret in secrets) else error

    def _explain(self, error: Exception | None, wire: Wire) -> ProviderError:
        """Actual failure behind the SDK's catch-all error code −1."""
        code = getattr(error, "error_code", None)
        if isinstance(code, int) and code > 0:
            return spark_failure(code, wire.text)
        refusal = wire.error if isinstance(wire.error, SettingsError) else error
        if isinstance(refusal, SettingsError):
            return ProviderError(Cause.CONFIG, refusal.message, refusal.remedy)
        if wire.redirected:
            return redirect_failure(wire.redirected)
        if isinstance(wire.error, ReplyTooLargeError):
            return size_failure()
        status = getattr(wire.error, "status_code", None)
        if wire.frames and isinstance(wire.error, _MALFORMED):
            return failure(Cause.SERVER, "星火的回复里有看不懂的数据", partial=wire.text)
        if wire.frames and not wire.finished:
            return failure(Cause.CUT_OFF, "回答传到一半连接断开了", partial=wire.text)
        if isinstance(wire.error, ssl.SSLError):
            return failure(Cause.CONFIG, "星火服务的证书没有通过校验", "请核对模型的地址，并检查是否有代理改写了连接")
        if isinstance(wire.error, _MALFORMED):
            return failure(Cause.SERVER, "星火的回复不是约定的格式")
        if isinstance(status, int) and 400 <= status < 600:
            return _http_failure(status)
        if wire.error is not None or code == -1:
            return failure(Cause.NETWORK, "连接不上星火服务，或还没有回答就断开了")
        if error is not None:
            return failure(Cause.UNKNOWN, f"星火 SDK 出错（{type(error).__name__}）")
        return failure(Cause.NETWORK, "星火服务没有回答就关闭了连接")


def _environment_url() -> str:
    """``SPARKAI_URL``; the default address is none that the operator chose."""
    settings = SparkSettings.current()
    return settings.url if "url" in settings.model_fields_set else ""


ENTRY = ProviderEntry(
    "spark",
    "星火",
    lambda spec: SparkProvider(spec=spec),
    concurrency=2,  # what Spark's public models allow
    schemes=("wss", "ws"),
    url_hint="wss://…；留空用环境变量 SPARKAI_URL",
    environment_url=_environment_url,
    key_variables=("SPARKAI_APP_ID", "SPARKAI_API_KEY", "SPARKAI_API_SECRET"),
    key_variable="SPARKAI_API_KEY",
    default_model=lambda: SparkSettings.current().domain,
    model_hint="domain 或 serviceId",
    resource="patch_id",
)

_MALFORMED = (json.JSONDecodeError, UnicodeDecodeError, KeyError, IndexError, TypeError, AttributeError)


def _http_failure(status: int) -> ProviderError:
    code = str(status)
    if status in (401, 403):
        return failure(Cause.AUTH, f"星火服务拒绝了密钥（HTTP {status}）", code=code)
    if status == 429:
        return failure(Cause.RATE, "调用星火服务过于频繁（HTTP 429）", code=code)
    if status >= 500:
        return failure(Cause.SERVER, f"星火服务出错（HTTP {status}）", code=code)
    return failure(
        Cause.CONFIG, f"星火服务的地址不对（HTTP {status}）", "请核对模型的地址（模型页或 SPARKAI_URL）", code=code
    )


def _max_tokens(request: ModelRequest, spec: ModelSpec | None) -> int:
    most = spec.max_output_tokens if spec else 0
    requested = int(request.parameters.get("max_tokens") or DEFAULT_MAX_TOKENS)
    return max(1, min(requested, most) if most else requested)


def _messages(request: ModelRequest, spec: ModelSpec | None, message_class: Any) -> list[Any]:
    if request.system and spec and not spec.system:
        return [message_class(role="user", content=f"{request.system}\n\n{request.prompt}")]
    system = [message_class(role="system", content=request.system)] if request.system else []
    return [*system, message_class(role="user", content=request.prompt)]


def _abandoner(client: Any, wire: Wire) -> Callable[[], None]:
    def abandon() -> None:
        wire.abandon()
        # Wakes the SDK's thread, which waits on this queue and on nothing else.
        client.client.queue.put({"error": "deadline", "error_code": -1})

    return abandon


def _sdk() -> tuple[Any, Any]:
    """Client and message classes of the SDK, imported once with its loggers silenced (they print whole requests)."""
    with _import_lock:
        from sparkai.core.messages import ChatMessage
        from sparkai.llm.llm import ChatSparkLLM

        for name in ("SparkPythonSDK", "websocket"):
            logger = logging.getLogger(name)
            logger.handlers = [logging.NullHandler()]
            logger.propagate = False
            logger.setLevel(logging.CRITICAL + 1)
    return ChatSparkLLM, ChatMessage
