"""Hostile texts: every regular expression and every pure entry point takes time in proportion to the length."""

import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

from bench.hostile_texts import hostile_texts, patterns, unread_calls

LENGTHS = (6_250, 25_000, 100_000)
"""Each four times as long as the one before: what is linear takes four times as long."""
_LIMIT = 20.0
"""Seconds of the processor for one text; what takes longer is stopped and reported."""
_BRIEF = 0.02
"""Seconds below which a ratio says nothing."""
_SHOWN = 12
UNITS = (
    "1", "a", "一", " ", "\n", "1.", "a.", "1-", "a@", "a@a.", "1,", "1 ", "十", "万", "省", "市\n",
    "北京市", "路", "在", "13900001111", "明天", "明天下午3点", "3点", "周", "周一到", "2024年",
    "：", "a：", "小李：好\n", "小李：", "@", "@a ", "「", "」", "“", '"',
    "「小李：好」\n- - - - -\n", "这是一条引用/回复消息：\n", "- ", "—", "[", "[图片]", "【", "(",
    "（/", "{", '{"', '[{"', '{"a":', "\\", '\\"', "```", "```\n", "<", "<think>", "</think>",
    "<a ", '" data-sheets-a="', "https://", "\u3000", "\u200b", "\t", "a=1\n", "[[a]]\n", "a b",
    "您好，", "多少钱？\n", "“小李：", "a|", "*", "_", "$", ":a", "\ufeff", "𠮷",
)  # fmt: skip


class TooSlow(BaseException):
    """A text took longer than it may; no ``except Exception`` on the way may swallow it."""


class Timing(NamedTuple):
    """What one function took for one text at growing lengths."""

    place: str
    text: str
    seconds: float
    ratio: float
    length: int

    @property
    def suspicious(self) -> bool:
        return self.ratio > 8 or self.length < LENGTHS[-1]


@contextmanager
def processor_limit(seconds: float) -> Iterator[None]:
    """Stop what runs after so many seconds of the processor; regular expressions look at signals too."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def seconds_of(function: Callable[[Any], object], text: Any, limit: float = _LIMIT) -> float:
    """Seconds of the processor that a function takes; the limit where it takes more."""
    start = time.process_time()
    try:
        with processor_limit(limit):
            function(text)
    except TooSlow:
        return limit
    return time.process_time() - start


def scan(pattern: re.Pattern[Any]) -> Callable[[Any], None]:
    """Look for a pattern from every place of a text, and match it at the beginning and as a whole."""

    def run(text: Any) -> None:
        if isinstance(pattern.pattern, bytes):
            text = text.encode("utf-8", "surrogatepass")
        for _ in pattern.finditer(text):
            pass
        pattern.match(text)
        pattern.fullmatch(text)

    return run


def grow(place: str, name: str, function: Callable[[Any], object], texts: Callable[[int], str]) -> Timing:
    """Time a function on a text at growing lengths, as long as that is bearable."""
    before, ratio, seconds, length = 0.0, 0.0, 0.0, 0
    for length in LENGTHS:
        seconds = seconds_of(function, texts(length))
        ratio = seconds / before if before > _BRIEF else 0.0
        if seconds >= _LIMIT or (seconds > 1 and ratio > 8):
            break
        before = seconds
    return Timing(place, name, seconds, ratio, length)


def entry_points() -> dict[str, Callable[[str], object]]:
    """Pure functions that are given what strangers and models write."""
    from core.adapters.llm.local.provider import fill_forms
    from core.adapters.llm.origins import parse_origin
    from core.domain import entities
    from core.domain.chat import guess_roles, parse_chat, strip_residue
    from core.domain.checks import check, find_mentions, find_omissions
    from core.domain.cleaning import STEPS, clean, split_chunks
    from core.domain.diff import diff_text
    from core.domain.evidence import analyse_chat, locate
    from core.domain.form import Kind, load_named_form, split_list
    from core.domain.form.loading import parse_form
    from core.domain.masking import Masked, parse_mask
    from core.domain.near_duplicates import NearDuplicates
    from core.domain.prompts import parse_prompt, read_summary
    from core.domain.replies import parse_reply
    from core.errors import ShiyaoError, shorten
    from core.logs import scrub, without_values
    from core.services.export.file_names import file_name
    from core.services.export.spreadsheet_cells import csv_row
    from core.services.extraction.pipeline.definition import parse_pipeline
    from core.services.extraction.pipeline.token_estimate import estimate_tokens
    from core.services.extraction.runs.run_options import parse_indices
    from core.services.review.queue.search import pairs
    from core.ui.markdown import code_span, escape_markdown

    form = load_named_form()
    masks = parse_mask(Masked)

    def refused(function: Callable[[str], object]) -> Callable[[str], None]:
        def run(text: str) -> None:
            try:
                function(text)
            except (ShiyaoError, ValueError):
                pass

        return run

    def chat_of(text: str) -> str:
        return f"小李：你好\n客服小何：{text}\n小李：{text}"

    def located(text: str) -> None:
        chat = analyse_chat(chat_of(text))
        for value in (text[:200], text):
            values = {**form.empty(), **{field.key: value for field in form.fields if not field.is_list}}
            locate(form, chat.index, values, "小李")
            check(form, chat.parsed, chat.roles, [values])

    def mentions(text: str) -> None:
        index = analyse_chat(chat_of(text)).index
        find_omissions(form, index, [form.empty()], find_mentions(index))
        find_omissions(form, index, [{**form.empty(), form.name_field: text}])

    def cleaned(text: str) -> None:
        chat = parse_chat(chat_of(text))
        split_chunks(chat, clean(chat, list(STEPS)), 2_000, estimate_tokens)

    def near(text: str) -> None:
        groups = NearDuplicates()
        groups.add(b"1", text)
        groups.add(b"2", text[1:])
        groups.groups()

    def values_masked(text: str) -> None:
        for kind in (Kind.PHONE, Kind.EMAIL, Kind.ADDRESS, Kind.TEXT):
            key = next((field.key for field in form.fields if field.kind is kind), "")
            if key:
                masks.values(form, {key: text})

    def coerced(text: str) -> None:
        form.coerce({field.key: text for field in form.fields})
        split_list([text])

    return {
        "parse_chat": parse_chat,
        "parse_chat (a message)": lambda text: parse_chat(chat_of(text)),
        "strip_residue": strip_residue,
        "guess_roles": lambda text: guess_roles(parse_chat(chat_of(text))),
        "locate and check": located,
        "find_omissions": mentions,
        "clean and split": cleaned,
        "parse_reply": lambda text: parse_reply(form, text),
        "parse_reply (in a value)": lambda text: parse_reply(form, f'[{{"{form.name_field}": "{text}'),
        "parse_reply (a value)": lambda text: parse_reply(form, json.dumps([{form.name_field: text}])),
        "coerce": coerced,
        "read_summary": lambda text: read_summary(f"```\n{text}", form),
        "mask a text": lambda text: masks.text(text, form, [{form.name_field: text[:50]}]),
        "mask values": values_masked,
        "diff_text": lambda text: diff_text(text, text[::-1]),
        "near_duplicates": near,
        "parse_form": refused(lambda text: parse_form(text, "x.toml")),
        "parse_form (behind tables)": refused(lambda text: parse_form(f'name = "x"\n[[field]]\nkey = 1\n{text}', "x")),
        "parse_prompt": refused(lambda text: parse_prompt(f"---\n{text}\n---\n{text}", "a.v1.md")),
        "parse_pipeline": refused(parse_pipeline),
        "parse_indices": refused(parse_indices),
        "parse_origin": refused(parse_origin),
        "emails": entities.emails,
        "phones": entities.phones,
        "amounts": entities.amounts,
        "addresses": lambda text: list(entities.addresses_in(text)),
        "place_and_address": entities.place_and_address,
        "times": entities.times,
        "local rules": lambda text: fill_forms(form, f"{chat_of(text)}\n小李：明天约个时间{text}\n小何：预算{text}"),
        "escape_markdown": lambda text: (escape_markdown(text), code_span(text)),
        "scrub the log": lambda text: scrub(without_values(text)),
        "shorten": shorten,
        "file name": file_name,
        "csv_row": lambda text: csv_row([text]),
        "estimate_tokens": estimate_tokens,
        "search pairs": pairs,
    }


def run() -> None:
    """Print the slowest of all, and everything that grows faster than the text."""
    found = patterns()
    _report(f"{len(found)} regular expressions", [timing for pattern in found for timing in _pattern_timings(pattern)])
    print(f"  {len(unread_calls())} calls of re put their pattern together from values:")
    for call in unread_calls():
        print(f"    {call.place}: {call.code}")
    timings = []
    for name, function in entry_points().items():
        function("北京市朝阳区建国路88号，明天下午3点，13900001111，a@b.com，三千元")  # libraries load on first use
        shorter = sorted(UNITS, key=lambda unit: -seconds_of(function, _repeated(unit, LENGTHS[0]), 5.0))
        timings += [
            grow(name, repr(unit), function, lambda n, unit=unit: _repeated(unit, n))  # type: ignore[misc]
            for unit in shorter[:4]
        ]
    _report(f"{len(entry_points())} entry points", timings)


def _pattern_timings(pattern: Any) -> Iterator[Timing]:
    """The texts that take longest at the shortest length, at all lengths."""
    function = scan(pattern.compiled)
    texts = dict(hostile_texts(pattern.compiled, LENGTHS[0]))
    slowest = sorted(texts, key=lambda name: -seconds_of(function, texts[name], 5.0))[:4]
    for name in slowest:
        yield grow(pattern.place, name, function, lambda n, name=name: _text_named(pattern.compiled, n, name))  # type: ignore[misc]


def _text_named(pattern: re.Pattern[Any], length: int, name: str) -> str:
    return next(text for other, text in hostile_texts(pattern, length) if other == name)


def _repeated(unit: str, length: int) -> str:
    return (unit * (length // len(unit) + 1))[:length] + "!"


def _report(title: str, timings: list[Timing]) -> None:
    timings.sort(key=lambda timing: -timing.seconds)
    bad = [timing for timing in timings if timing.suspicious]
    print(f"  {title}: {len(bad)} texts take more than in proportion; slowest at {LENGTHS[-1]:,} characters:")
    for timing in dict.fromkeys([*bad, *timings[:_SHOWN]]):
        mark = "!" if timing.suspicious else " "
        ratio = f"×{timing.ratio:.1f}" if timing.ratio else "(brief)"
        print(f"  {mark} {timing.seconds:8.3f} s {ratio:>8} at {timing.length:>7,}  {timing.place}  {timing.text}")
