"""Statistics of an export's answers, gathered while they are written: counts, provenance, notes for the analyst."""

from collections.abc import Iterator
from typing import Any

from core.services.export.answer_sources import ChatAnswer
from core.services.export.export_result import index_ranges
from core.services.team import left_out_sentence


class AnswerStatistics:
    """Counts the answers of an export while they stream through.

    Attributes:
        forms: forms seen.
        provenance: one entry per answer, for the export log.
    """

    def __init__(self) -> None:
        self.forms = 0
        self.provenance: list[dict[str, Any]] = []
        self._no_customers: list[int] = []
        self._reshaped: list[int] = []
        self._outdated: list[int] = []

    def count(self, stream: Iterator[ChatAnswer]) -> Iterator[ChatAnswer]:
        """Count answers while passing them on, one by one."""
        for answer in stream:
            self.forms += len(answer.forms)
            self.provenance.append(answer.provenance)
            if not answer.forms:
                self._no_customers.append(answer.index)
            if answer.provenance.get("made_on") is not None:
                self._outdated.append(answer.index)
            if answer.notes:
                self._reshaped.append(answer.index)
            yield answer

    def lists(self, **more: list[int]) -> dict[str, list[int]]:
        """Chats by what happened to them, without empty lists; ``more`` comes first."""
        every = {**more, "no_customers": self._no_customers, "reshaped": self._reshaped, "outdated": self._outdated}
        return {name: indices for name, indices in every.items() if indices}

    def notes(self, *, withheld: int = 0, **more: list[int]) -> tuple[str, ...]:
        """Chinese sentences about the same lists; every chat is named.

        Args:
            withheld: chats whose records are not for who exports, as ``Coverage`` counts them.
            more: as in :meth:`lists`.
        """
        sentences = {
            "filled": "补空 {} 条：第 {} 条",
            "left_out": "没有结果、未写入 {} 条：第 {} 条",
            "no_customers": "没有客户（infos 为空列表）{} 条：第 {} 条",
            "outdated": "群聊后来续写过、结果是续写前得出的 {} 条：第 {} 条",
            "reshaped": "与现在的字段不符、已按现在的字段整理 {} 条：第 {} 条",
        }
        lists = self.lists(**more)
        named = tuple(
            sentences[name].format(len(lists[name]), index_ranges(lists[name])) for name in sentences if name in lists
        )
        return (left_out_sentence(withheld), *named) if withheld else named
