"""Requests as a file (OpenAI's Batch API): upload, create, look, fetch, cancel; each step finds what it made before."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final, TypeVar

from core.adapters.llm.base import ModelReply, ModelRequest
from core.adapters.llm.failures import LARGEST_REPLY, UNREADABLE, failure
from core.adapters.llm.model_spec import ModelSpec
from core.adapters.llm.openai_compat import OpenAIProvider, call_arguments, read_completion, response_formats
from core.adapters.llm.openai_failures import explain_status, may_refuse_format
from core.adapters.llm.redaction import clean_failure, clean_reply
from core.errors import Cause, ProviderError

T = TypeVar("T")
ENDPOINT: Final = "/v1/chat/completions"
TOKEN: Final = "shiyao"
"""Key of our own mark in a batch's metadata."""
EXPIRED, CANCELLED = "batch_expired", "batch_cancelled"
"""Codes of lines that a batch did not come to."""
USUAL_HOURS: Final = 24
_SECONDS, _FILE_SECONDS = 60.0, 900.0
_LARGEST_FILE: Final = 400_000_000
_LISTED: Final = 1_000
"""Newest files and batches that are looked through for one of ours."""
_MILLISECONDS_FROM: Final = 100_000_000_000
"""Moments from here on are counted in milliseconds: in seconds it would be the year 5138."""
_EARLIEST: Final = 1_600_000_000
"""No batch ended before this moment (2020): what is less is no moment, and no reason to cancel one."""
_LATEST: Final = 4_100_000_000
"""Nor is what lies behind this one (2099): services write the end of time where they know no end."""
_ENDED = frozenset({"failed", "completed", "expired", "cancelled"})
_UNDER_WAY = frozenset(
    {"", "validating", "in_progress", "finalizing", "cancelling", "queued", "pending", "running", "processing"}
)
"""Words for a batch that goes on: the API's, and others' that mean nothing else."""
UNNAMED: Final = "batch_unnamed"
"""Code of an answer that does not say which batch it is about."""


@dataclass(frozen=True, slots=True)
class RemoteBatch:
    """A batch as the service tells of it.

    Attributes:
        id: the service's.
        status: in the words of the API.
        output_file: with the answers; ``""`` while there are none.
        error_file: with the lines that failed; likewise.
        total: lines.
        completed: lines that were answered.
        failed: lines that failed.
        expires_at: when it is given up.
        problem: why the service refused it as a whole, in its words.
    """

    id: str
    status: str
    output_file: str = ""
    error_file: str = ""
    total: int = 0
    completed: int = 0
    failed: int = 0
    expires_at: datetime | None = None
    problem: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        # A service with a word of its own for the end says by its file that there is something to fetch.
        return self.status in _ENDED or (not self.is_known and bool(self.output_file))

    @property
    def is_known(self) -> bool:
        """Whether its status is a word that anybody can go by."""
        return self.status in _ENDED | _UNDER_WAY


class OpenAIBatches:
    """The batches of one model at its service. Asks once, without retries; every failure is a ``ProviderError``."""

    def __init__(self, spec: ModelSpec) -> None:
        """Prepare; nothing is sent yet.

        Args:
            spec: the model's entry.
        """
        self._spec, self._provider = spec, OpenAIProvider(spec=spec)

    @property
    def provider(self) -> str:
        """Name of the provider, as live calls are counted under."""
        return self._provider.name

    @property
    def default_url(self) -> str:
        """URL from the environment, for models without one of their own."""
        return self._provider.default_url

    def ready(self) -> str:
        """Why it cannot be called, one Chinese sentence; ``""`` if it can."""
        return self._provider.ready()

    def line(self, custom_id: str, request: ModelRequest, variant: int) -> str:
        """A request as a line of a file, without a line break.

        Args:
            custom_id: by which its answer is known.
            request: what is asked.
            variant: which response format is asked for, see :func:`variants`.

        Raises:
            ProviderError: no model is named.
        """
        arguments = call_arguments(request, self._provider.model_of(request), self._spec)
        arguments.pop("extra_headers", None)
        body = {**arguments.pop("extra_body", {}), **arguments}
        if (formats := response_formats(request))[variant:]:
            body["response_format"] = formats[variant]
        return json.dumps({"custom_id": custom_id, "method": "POST", "url": ENDPOINT, "body": body}, ensure_ascii=False)

    def upload(self, name: str, content: bytes) -> str:
        """Upload a file of requests; gives its id.

        Raises:
            ProviderError: it was refused, or nobody knows whether it arrived.
        """
        return self._call(
            lambda client: str(client.files.create(file=(name, content), purpose="batch").id), _FILE_SECONDS
        )

    def find_file(self, name: str) -> str | None:
        """The id of a file that was uploaded under a name; ``None`` where there is none.

        Raises:
            ProviderError: the service does not say.
        """
        return self._find(lambda client: client.files, lambda file: file.filename == name)

    def create(self, file_id: str, token: str) -> RemoteBatch:
        """Have a file's requests answered: from here on they are paid for.

        Args:
            file_id: of the uploaded file.
            token: our own mark, by which the batch is found again.

        Raises:
            ProviderError: it was refused, or nobody knows whether it was made.
        """
        return _remote(
            self._call(
                lambda client: client.batches.create(
                    input_file_id=file_id,
                    endpoint=ENDPOINT,
                    completion_window=f"{round(self._spec.batch_deadline) or USUAL_HOURS}h",
                    metadata={TOKEN: token},
                    extra_headers={"Idempotency-Key": token},
                )
            )
        )

    def find_batch(self, file_id: str, token: str) -> RemoteBatch | None:
        """The batch that was made of a file; ``None`` where there is none.

        Raises:
            ProviderError: the service does not say.
        """

        def is_ours(batch: Any) -> bool:
            return batch.input_file_id == file_id or dict(batch.metadata or {}).get(TOKEN) == token

        batch_id = self._find(lambda client: client.batches, is_ours)
        return None if batch_id is None else self.retrieve(batch_id)

    def retrieve(self, batch_id: str) -> RemoteBatch:
        """How far a batch is.

        Raises:
            ProviderError: the service does not say.
        """
        return _remote(self._call(lambda client: client.batches.retrieve(batch_id)))

    def cancel(self, batch_id: str) -> RemoteBatch:
        """Ask the service to end a batch; what is answered stays.

        Raises:
            ProviderError: it does not.
        """
        return _remote(self._call(lambda client: client.batches.cancel(batch_id)))

    def results(self, file_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """``(custom id, result)`` of each line of an output or error file; lines that cannot be read are left out.

        Raises:
            ProviderError: the file could not be fetched.
        """
        content: bytes = self._call(
            lambda client: client.files.content(file_id).content, _FILE_SECONDS, largest=_LARGEST_FILE
        )
        for line in content.splitlines():
            try:
                result = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(result, dict) and (custom_id := _id(result.get("custom_id"))):
                yield custom_id, result

    def forget(self, file_id: str) -> None:
        """Delete a file at the service: chats should not lie there for longer than they are needed.

        Raises:
            ProviderError: it was not.
        """
        self._call(lambda client: client.files.delete(file_id))

    def read(self, result: Mapping[str, Any], request: ModelRequest) -> ModelReply:
        """The answer in a line's result.

        Raises:
            ProviderError: it failed, as a live call does.
        """
        try:
            reply = self._read(result, request)
        except ProviderError as error:
            clean_failure(error, self._provider.keys())
            raise
        return clean_reply(reply, self._provider.keys())

    def _read(self, result: Mapping[str, Any], request: ModelRequest) -> ModelReply:
        from openai.types.chat import ChatCompletion

        response, error = result.get("response"), result.get("error")
        if (status := status_of(result)) == 200:
            assert isinstance(response, Mapping)
            try:
                completion = ChatCompletion.construct(**_object(response.get("body")))
                reply = read_completion(completion, request, self._provider.model_of(request), 0.0)
            except (
                AttributeError,
                TypeError,
                ValueError,
                LookupError,
                RecursionError,
            ) as odd:
                # Nothing checks its shape.
                raise self._unreadable(result) from odd
            except ProviderError as odd:
                if odd.cause == Cause.SERVER:
                    odd.code = UNREADABLE
                    odd.with_token_usage(*self.tokens_of(result))
                raise
            # What a batch's questions were cached of has no price of its own.
            return replace(reply, batch=True, tokens_cached=0)
        if status is not None:
            raise explain_status(failed_response(result))
        code = str(error.get("code") or "") if isinstance(error, Mapping) else ""
        if code == EXPIRED:
            raise failure(Cause.TIMEOUT, "批量到了时限，这一条还没有轮到", "请再作为一批抽取，或改为实时", code=code)
        if response and not code:  # somebody answered, and was paid, whatever it is
            raise self._unreadable(result)
        raise failure(Cause.SERVER, "批量的这一条没有得到回答", code=code)

    def _unreadable(self, result: Mapping[str, Any]) -> ProviderError:
        """Error for a line that was answered, and so paid for, in a shape that cannot be read."""
        odd = failure(Cause.SERVER, "批量的这一条回复不是约定的格式", code=UNREADABLE)
        return odd.with_token_usage(*self.tokens_of(result))

    def tokens_of(self, result: Mapping[str, Any]) -> tuple[int | None, int | None]:
        """Tokens of question and answer as the service counts them; ``None`` where it does not."""
        response = result.get("response")
        body = response.get("body") if isinstance(response, Mapping) else None
        usage = body.get("usage") if isinstance(body, Mapping) else None
        if not isinstance(usage, Mapping):
            return None, None
        counted = (usage.get(name) for name in ("prompt_tokens", "completion_tokens"))
        question, answer = (one if type(one) is int and 0 <= one < 2**31 else None for one in counted)
        return question, answer

    def _find(self, resource: Callable[[Any], Any], is_ours: Callable[[Any], bool]) -> str | None:
        def look(client: Any) -> str | None:
            for number, one in enumerate(resource(client).list(limit=100)):
                if is_ours(one):
                    return str(one.id)
                if number >= _LISTED:
                    break
            return None

        return self._call(look)

    def _call(self, ask: Callable[[Any], T], seconds: float = _SECONDS, largest: int = LARGEST_REPLY) -> T:
        try:
            return self._provider.call(ask, seconds, largest=largest)
        except ProviderError as error:
            clean_failure(error, self._provider.keys())
            raise


def variants(request: ModelRequest) -> int:
    """In how many ways a request can be put, the last of them without a response format."""
    return len(response_formats(request)) + 1


def refuses_format(result: Mapping[str, Any]) -> bool:
    """Whether a line failed because the service does not take its response format."""
    status = status_of(result)
    return status not in (None, 200) and may_refuse_format(failed_response(result))


def failed_response(result: Mapping[str, Any]) -> Any:
    """A line's failed response in the shape in which the package raises one."""
    response = result["response"]
    body = response.get("body")
    inner = body.get("error") if isinstance(body, Mapping) else None
    error = inner if isinstance(inner, dict) else body if isinstance(body, dict) else {}
    return SimpleNamespace(status_code=status_of(result), body=error, message=str(error.get("message") or ""))


def status_of(result: Mapping[str, Any]) -> int | None:
    """The HTTP status of a line's response, which some services write as text; ``None`` where there is none."""
    response = result.get("response")
    status = response.get("status_code") if isinstance(response, Mapping) else None
    if isinstance(status, str) and (told := status.strip()).isascii() and told.isdigit() and len(told) == 3:
        return int(told)
    if isinstance(status, float) and status.is_integer():
        return int(status)
    return status if type(status) is int else None


def _object(body: Any) -> Mapping[str, Any]:
    """A line's body; some services write it as text.

    Raises:
        ValueError: it is no object.
    """
    read = json.loads(body) if isinstance(body, str) else body
    if not isinstance(read, Mapping):
        raise ValueError("no object")
    return read


def _remote(batch: Any) -> RemoteBatch:
    """What a service tells of a batch; nothing checks its shape, and of what cannot be read it tells nothing.

    Raises:
        ProviderError: it does not say which batch, so that nobody knows whether there is one.
    """
    try:
        remote = _read_remote(batch)
    except (AttributeError, TypeError, ValueError, LookupError) as odd:
        raise failure(Cause.SERVER, "模型服务的回复不是一个批量", code=UNNAMED) from odd
    if not remote.id:
        raise failure(Cause.SERVER, "模型服务的回复没有说是哪一个批量", code=UNNAMED)
    return remote


def _read_remote(batch: Any) -> RemoteBatch:
    counts = batch.request_counts
    total, completed, failed = (_count(getattr(counts, name, None)) for name in ("total", "completed", "failed"))
    errors = getattr(batch.errors, "data", None) or batch.errors or []
    told = errors if isinstance(errors, list) else [errors]
    return RemoteBatch(
        id=_id(batch.id),
        status=str(batch.status or "").strip().lower(),
        output_file=_id(batch.output_file_id),
        error_file=_id(batch.error_file_id),
        total=total,
        completed=completed,
        failed=failed,
        expires_at=_moment(batch.expires_at),
        problem="；".join(filter(None, map(_sentence, told[:3]))),
    )


def _id(value: Any) -> str:
    """An id; some services give a number, or the whole thing with its id."""
    value = value.get("id") if isinstance(value, Mapping) else value
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value < 2**31 else 0


def _moment(value: Any) -> datetime | None:
    """A moment that is told in seconds, in milliseconds, or as ISO 8601 has it."""
    try:
        if isinstance(value, str) and not value.isdigit():
            moment = datetime.fromisoformat(value)
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        else:
            seconds = float(value) / (1_000 if float(value) >= _MILLISECONDS_FROM else 1)
        return datetime.fromtimestamp(seconds, UTC) if _EARLIEST <= seconds <= _LATEST else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _sentence(error: Any) -> str:
    if isinstance(error, str):
        return error
    told = error if isinstance(error, Mapping) else vars(error) if hasattr(error, "__dict__") else {}
    return str(told.get("message") or told.get("code") or "")
