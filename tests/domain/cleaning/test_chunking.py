"""Windows over long chats: nothing is lost, nothing is too long, messages stay whole where they can."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.domain.chat import parse_chat
from core.domain.cleaning import STEPS, clean, split_chunks
from core.services.extraction.pipeline import estimate_tokens

LONG = "\n".join(f"{('林木1', '客服小何')[n % 2]}：第{n}句，说一点关于价格的事" for n in range(60))


def test_a_chat_that_fits_is_one_window() -> None:
    chat = parse_chat(LONG)
    (window,) = split_chunks(chat, clean(chat), 10_000, estimate_tokens)
    assert (window.text, window.first, window.last, window.repeated) == (chat.conversation, 0, 59, 0)


def test_windows_end_at_messages_and_repeat_a_little() -> None:
    chat = parse_chat(LONG)
    windows = split_chunks(chat, clean(chat), 200, estimate_tokens)
    assert len(windows) > 3
    assert (windows[0].first, windows[-1].last) == (0, 59)
    for before, window in zip(windows, windows[1:], strict=False):
        assert window.text.startswith(("林木1：第", "客服小何：第"))
        assert before.first < window.first <= before.last < window.last
        assert 0 < window.repeated < len(window.text) / 3
        assert window.text[: window.repeated] == before.text[-window.repeated :]


def test_a_message_longer_than_a_window_is_cut_between_its_lines_and_keeps_its_speaker() -> None:
    chat = parse_chat("客服小何：" + "\n".join(f"第{n}条规则很长很长很长" for n in range(30)) + "\n林木1：好")
    windows = split_chunks(chat, clean(chat), 100, estimate_tokens)
    assert all(window.text.startswith(("客服小何：", "林木1：")) for window in windows)
    lines = {line.removeprefix("客服小何：") for window in windows for line in window.text.splitlines()}
    assert lines == {*(f"第{n}条规则很长很长很长" for n in range(30)), "林木1：好"}


def test_a_limit_must_be_positive() -> None:
    chat = parse_chat(LONG)
    with pytest.raises(ValueError, match="positive"):
        split_chunks(chat, clean(chat), 0, estimate_tokens)


LINES = st.lists(
    st.tuples(st.sampled_from(["林木1", "客服小何", "周山2"]), st.text(alphabet="好价格 a1\n。", max_size=60)),
    max_size=25,
)


@example([("林木1", ""), ("林木1", "1a1a1a1111")], {"residue", "runs"}, 12, 0.0)  # the name that "runs" took comes back
@given(LINES, st.sets(st.sampled_from(list(STEPS))), st.integers(12, 120), st.floats(0, 0.5))
def test_nothing_is_lost_and_nothing_is_too_long(
    lines: list[tuple[str, str]], steps: set[str], limit: int, overlap: float
) -> None:
    chat = parse_chat("\n".join(f"{name}：{body}" for name, body in lines))
    cleaned = clean(chat, steps)
    windows = split_chunks(chat, cleaned, limit, estimate_tokens, overlap)
    assert [window.number for window in windows] == list(range(1, len(windows) + 1))
    reached = 0
    for window in windows:
        assert window.text == window.prefix + window.span.of(cleaned.text)
        assert estimate_tokens(window.text) <= limit
        assert window.span.start <= reached < max(window.span.end, 1)
        assert window.repeated == reached - window.span.start
        reached = window.span.end
    assert reached == len(cleaned.text)
