"""Writing the HTML report: rendered, read back with an HTML parser, compared, logged and published."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template

from core.adapters.store import RecordView, Store, queries
from core.domain.form import load_named_form
from core.domain.masking import NO_MASK, Mask
from core.domain.permissions import Permission
from core.errors import ExportError
from core.services.export.answer_sources import (
    AnswerSource,
    OrderedStream,
    measure_coverage,
    remember_exported,
    stream_answers,
)
from core.services.export.answer_statistics import AnswerStatistics
from core.services.export.atomic_file import HashingReader, mismatch_error, pending_file
from core.services.export.export_log import publish_export
from core.services.export.export_result import ExportResult, index_ranges
from core.services.export.html_report.layout import ChatPage, chat_page
from core.services.team import permitted

_TEMPLATE = Path(__file__).with_name("template.html.j2")


@permitted(Permission.EXPORT)
def export_html_report(
    store: Store,
    *,
    dataset: str | int,
    source: AnswerSource,
    out: Path,
    chats: Sequence[int] | None = None,
    mask: Mask = NO_MASK,
) -> ExportResult:
    """Write chats with their forms and evidence into one HTML file that opens anywhere, also on paper.

    Args:
        store: the open store.
        dataset: name or id.
        source: where the forms come from.
        out: the file; replaced if it exists.
        chats: indices; ``None`` for every chat that has an answer.
        mask: what is hidden in texts and forms; evidence is marked all the same.

    Returns:
        The result; ``left_out`` names chosen chats without an answer.

    Raises:
        ExportError: no chat with an answer, or a file that reads back differently.
        NotFoundError: no such dataset or run.
    """
    with store.read() as session, pending_file(out) as file:
        dataset_view = queries.dataset(session, dataset)
        form = load_named_form(dataset_view.form)
        coverage = measure_coverage(session, dataset_view, source)
        chosen_chats = set(chats) if chats is not None else None
        statistics = AnswerStatistics()
        remember_exported(session, dataset_view, source, chosen_chats)
        texts = OrderedStream((chat.index, chat.text) for chat in queries.chats(session, dataset_view.id))
        records = OrderedStream((record.index, record) for record in queries.confirmed(session, dataset_view.id))
        pages: list[ChatPage] = []
        stream = (
            answer
            for answer in stream_answers(session, dataset_view, form, source)
            if chosen_chats is None or answer.index in chosen_chats
        )
        for answer in statistics.count(stream):
            record = records.take(answer.index) if answer.origin == "record" else None
            pages.append(chat_page(form, texts.take(answer.index) or "", answer, _confirmed(record), mask))
        if not pages:
            raise ExportError(f"来源（{source.title}）里没有可以写进报告的群聊", "请先审阅并确认群聊，或换一个来源")
        subtitle = f"表单第 {form.version} 版 · {len(pages):,} 条群聊 · {statistics.forms:,} 位{form.subject}" + (
            " · 已遮盖敏感信息" if mask else ""
        )
        file.write(_template().render(title=f"{dataset_view.name} · {form.title}", subtitle=subtitle, pages=pages))
        file.finish()
        with file.path.open("rb") as reading:
            reader = HashingReader(reading)
            text = reader.read().decode("utf-8")
        _compare(text, pages, out.name)
        left_out = sorted(
            set(coverage.missing) if chosen_chats is None else chosen_chats - {page.index for page in pages}
        )
        result = ExportResult(
            kind="report",
            out=out,
            sha256=reader.sha256(),
            size=reader.size,
            counts={"chats": len(pages), "rows": statistics.forms, "left_out": len(left_out)},
            lists=statistics.lists(left_out=left_out),
            notes=statistics.notes(withheld=coverage.withheld, left_out=left_out),
            files={out.name: reader.sha256()},
            masked=tuple(mask.names),
        )
        parameters = {
            "dataset": dataset_view.name,
            "source": str(source),
            "mask": mask.names,
            "chats": index_ranges(page.index for page in pages),
        }
        session.close()  # the log is written on another connection, and none may be held meanwhile
        publish_export(
            store, file, result, dataset_id=dataset_view.id, parameters=parameters, provenance=statistics.provenance
        )
    return result


def _confirmed(record: RecordView | None) -> dict[int, dict[str, str]]:
    return {number: customer.get("confirmed", {}) for number, customer in enumerate(record.customers if record else ())}


@lru_cache(maxsize=1)
def _template() -> Template:
    # Chats are written by strangers: everything is escaped.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_TEMPLATE.read_text("utf-8"))


class _ReportParser(HTMLParser):
    """Reads the text of every message and every cell of a report, chat by chat."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin to collect at a message or a cell; count what is nested in it."""
        names = {name for name, _ in attrs}
        if names & {"data-line", "data-cell"}:
            self.texts.append("")
            self._depth = 1
        elif self._depth:
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        """End with the element that began it."""
        self._depth = max(0, self._depth - 1)

    def handle_data(self, data: str) -> None:
        """Append to the text of the current message or cell."""
        if self._depth:
            self.texts[-1] += data


def _written_texts(pages: Iterable[ChatPage]) -> list[str]:
    texts: list[str] = []
    for page in pages:
        texts += ["".join(piece.text for piece in line.pieces) for line in page.lines]
        texts += [cell.value for customer in page.customers for _, cells in customer.groups for cell in cells]
    return texts


def _compare(text: str, pages: list[ChatPage], name: str) -> None:
    parser = _ReportParser()
    parser.feed(text)
    parser.close()
    # A parser turns every line break into a plain one, as a browser does.
    expected = [words.replace("\r\n", "\n").replace("\r", "\n") for words in _written_texts(pages)]
    if [words.replace("\r\n", "\n").replace("\r", "\n") for words in parser.texts] != expected:
        raise mismatch_error(name)
