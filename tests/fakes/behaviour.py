"""What a fake model service does with a call, and a default answer that fits the question."""

import json
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """A complete answer.

    ``text`` None: an answer made from the question. ``latency`` seconds before the first byte, ``gap`` between frames.
    ``reasoning`` is sent before the answer, in frames of its own. ``finish`` is OpenAI's ``finish_reason``,
    ``encoding`` gzip for a compressed body, ``empty``: all but the answer itself, ``usage`` more entries of ``usage``
    (all of these HTTP only).
    """

    text: str | None = None
    latency: float = 0.0
    gap: float = 0.0
    frames: int = 3
    reasoning: str = ""
    finish: str = "stop"
    tokens_out: int | None = None
    encoding: str = ""
    empty: bool = False
    usage: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Failure:
    """An error: Spark's ``code`` in a frame (10012 if not given), or an HTTP ``status`` with a body.

    ``after`` so many good frames.
    """

    code: int | str | None = None
    message: str = "fake failure"
    status: int = 400
    after: int = 0
    latency: float = 0.0
    body: Any = None


@dataclass(frozen=True)
class Stall:
    """Silence after ``after`` frames, for ``seconds`` or until the other side goes."""

    after: int = 0
    seconds: float = 60.0


@dataclass(frozen=True)
class Drop:
    """The connection breaks after ``after`` frames, without good-bye."""

    after: int = 1


@dataclass(frozen=True)
class CleanClose:
    """The connection is closed properly after ``after`` frames, the answer being incomplete."""

    after: int = 1


@dataclass(frozen=True)
class BadJson:
    """Something that is not JSON, after ``after`` good frames."""

    after: int = 0


@dataclass(frozen=True)
class Trickle:
    """One byte of the answer at a time, for ever (HTTP only): no single read is late, the whole is."""

    gap: float = 0.05


@dataclass(frozen=True)
class Flood:
    """Bytes until the other side goes: in one body (HTTP), in one frame or in many small ones (Spark).

    ``status`` of the reply, ``encoding`` gzip for a body that is a thousand times smaller on the wire (HTTP only).
    """

    megabytes: int = 300
    status: int = 200
    encoding: str = ""
    one_frame: bool = False
    after: int = 0


Behaviour = Answer | Failure | Stall | Drop | CleanClose | BadJson | Trickle | Flood
Script = Behaviour | Iterable[Behaviour] | Callable[[dict[str, Any], int], Behaviour]
"""One behaviour for all calls; one per call in order (the last goes on); or a function of (request, number)."""


@dataclass
class Director:
    """Decides call by call, from any thread."""

    script: Script = field(default_factory=Answer)
    calls: int = 0
    _list: list[Behaviour] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if not callable(self.script) and isinstance(self.script, Iterable):
            self._list = list(self.script)

    def next(self, request: dict[str, Any]) -> Behaviour:
        with self._lock:
            number = self.calls
            self.calls += 1
        if self._list:
            return self._list[min(number, len(self._list) - 1)]
        return self.script(request, number) if callable(self.script) else self.script  # type: ignore[return-value]


def default_answer(messages: list[dict[str, str]]) -> str:
    """One form, with the first speaker of the chat between ``<chat>`` tags as the customer."""
    question = messages[-1]["content"] if messages else ""
    chat = question.rpartition("<chat>")[2].partition("</chat>")[0] or question
    speaker = re.search(r"^\s*([^\s：:][^\n：:]{0,30})[：:]", chat, re.MULTILINE)
    return json.dumps([{"基本信息-姓名": speaker[1] if speaker else "", "咨询类型": ["答疑"]}], ensure_ascii=False)


def pieces(text: str, count: int) -> list[str]:
    """The text in about ``count`` slices; at least one."""
    size = max(1, -(-len(text) // max(1, count)))
    return [text[start : start + size] for start in range(0, len(text), size)] or [""]


def parse_behaviour(word: str) -> Behaviour:
    """For the command line: ``answer``, ``error:10013``, ``http:429``, ``stall``, ``drop``, ``close``, ``badjson``."""
    kind, _, value = word.partition(":")
    simple: dict[str, Behaviour] = {
        "answer": Answer(),
        "stall": Stall(),
        "drop": Drop(),
        "close": CleanClose(),
        "badjson": BadJson(),
    }
    if kind == "error":
        return Failure(code=int(value))
    if kind == "http":
        return Failure(status=int(value))
    return simple[kind]
