"""测试连接: one short test call to a model, with its result in words."""

from dataclasses import dataclass

from core.adapters.llm import ModelRequest, ModelSpec, connect
from core.adapters.llm.deadline import stopwatch
from core.adapters.llm.failures import LENGTH
from core.domain.form import load_named_form
from core.domain.permissions import Permission
from core.errors import ProviderError, ShiyaoError
from core.services.team import permitted

QUESTION = "这是一次连接测试。请只回答两个字：可用"
_CHAT = "王先生1：会话存档怎么收费？\n客服小林：标准版每年三千元。"
_MAX_TOKENS = 64
DEADLINE = 30.0


@dataclass(frozen=True, slots=True)
class Probe:
    """Result of a test call.

    Attributes:
        ok: whether the model answered.
        answer: what it said, as far as it came.
        seconds: until the answer or the failure.
        model: what answered, as the service names it.
        tokens_in: as the service counted; ``None`` where it does not say.
        tokens_out: likewise.
        cause: see :class:`core.errors.Cause`; ``""`` where it went well.
        error: the failure for a person, with what to do; ``""`` where it went well.
    """

    ok: bool
    answer: str
    seconds: float
    model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    cause: str = ""
    error: str = ""


@permitted(Permission.MODELS)
def probe(spec: ModelSpec, *, deadline: float = DEADLINE) -> Probe:
    """Ask a model one short question, without retries.

    Args:
        spec: the model.
        deadline: seconds for the call.
    """
    elapsed = stopwatch()
    parameters = {**spec.request(), "max_tokens": _MAX_TOKENS}
    # JSON mode wants an object and the word in the question; whether it is there shows with the first real call.
    parameters.pop("json_mode", None)
    request = ModelRequest(
        QUESTION,
        conversation=_CHAT,
        model=spec.api_name,
        parameters=parameters,
        deadline=deadline,
        form=load_named_form(),
    )
    try:
        reply = connect(spec).complete(request)
    except ProviderError as error:
        # Reasoning models may think past the limit: they are there all the same.
        arrived = error.code == LENGTH
        message = "" if arrived else str(error)
        return Probe(
            arrived, error.partial, elapsed(), spec.api_name, cause="" if arrived else error.cause, error=message
        )
    except ShiyaoError as error:
        return Probe(False, "", elapsed(), spec.api_name, error=str(error))
    return Probe(True, reply.text, elapsed(), reply.model, reply.tokens_in, reply.tokens_out)
