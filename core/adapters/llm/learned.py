"""The provider of extractors that are learned from approved chats: no key, no network, nothing to download.

What it answers with is fitted elsewhere (``core.services.learning``), from the database that a run belongs to; an entry
only names it by its digest. Like ``local`` it answers with JSON text, so that its answers take the same path.
"""

import json
import time
from collections.abc import Callable

from core.adapters.llm.base import ModelReply, ModelRequest
from core.adapters.llm.model_spec import ModelSpec
from core.adapters.llm.registry import ProviderEntry
from core.domain.form import Form, FormValues
from core.domain.model_settings import DIGEST as DIGEST
from core.domain.model_settings import LEARNED as LEARNED
from core.errors import Cause, ProviderError, ShiyaoError, StoreError

Extractor = Callable[[Form, str], list[FormValues]]
"""Fills the forms of a conversation; may raise :class:`core.errors.ShiyaoError`."""


class LearnedProvider:
    """A learned extractor instead of a model.

    Args:
        digest: which one; ``""`` where the entry names none.
        extractor: how to fill forms; ``None`` where no database is at hand.
    """

    name = LEARNED
    default_url = ""

    def __init__(self, digest: str, extractor: Extractor | None = None) -> None:
        self._digest, self._extractor = digest, extractor

    def ready(self) -> str:
        """Ready if the entry names a trained extractor."""
        return "" if self._digest else "没有这个名称的学习模型。请先用「学习模型」页面或 learn 命令训练一个"

    def complete(self, request: ModelRequest) -> ModelReply:
        """Fill the request's form from its conversation, or write a summary; the prompt is ignored.

        Raises:
            ProviderError: the request carries no form, there is no extractor, or what it was made of is gone.
        """
        if self._extractor is None or request.form is None:
            raise ProviderError(Cause.BAD_REQUEST, "学习模型只能在抽取任务里使用", "请新建一个抽取任务")
        from core.domain.prompts import summary_of  # with a library of templates: nothing that naming models needs

        start = time.perf_counter()
        try:
            forms = self._extractor(request.form, request.conversation)
        except StoreError:
            raise  # the database is away: the run waits for it
        except ShiyaoError as error:
            raise ProviderError(Cause.STALE_MODEL, error.message, error.remedy) from error
        told = request.task == "summary"
        text = summary_of(request.form, forms) if told else json.dumps(forms, ensure_ascii=False, indent=2)
        return ModelReply(text, None, None, time.perf_counter() - start, f"{LEARNED}:{self._digest[:12]}")


def _make(spec: ModelSpec | None) -> LearnedProvider:
    return LearnedProvider(str(spec.parameters.get(DIGEST, "")) if spec else "")


ENTRY = ProviderEntry(LEARNED, "学习模型", _make, concurrency=1)
