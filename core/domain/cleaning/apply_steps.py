"""Applies the chosen cleaning steps in one pass, and maps every kept character to the original text."""

from collections.abc import Iterable

from core.domain.chat import Message, ParsedChat, Span, UnparsedChat
from core.domain.cleaning.cleaned_text import Cleaned, LeftOut, TextMapping
from core.domain.cleaning.steps import RESIDUE, STEPS, Removal
from core.errors import SettingsError


def known_steps(names: Iterable[str]) -> tuple[str, ...]:
    """The steps with these names, once each, in the order in which they are applied.

    Raises:
        SettingsError: there is no such step; names those that exist.
    """
    chosen = set(names)
    if unknown := sorted(chosen - STEPS.keys()):
        raise SettingsError(f"没有名为「{unknown[0]}」的清理步骤", f"可以是 {'、'.join(STEPS)}")
    return tuple(name for name in STEPS if name in chosen)


def clean(chat: ParsedChat, steps: Iterable[str] = ()) -> Cleaned:
    """Clean a conversation; residue is always left out.

    Of a speaker whose messages would all go, the first one stays: no speaker is lost.

    Args:
        chat: a parsed chat.
        steps: names of steps, in any order.

    Raises:
        SettingsError: there is no such step.
    """
    names = known_steps(steps)
    dropped = _dropped(chat, names)
    stay = [message for message in chat.messages if message.index not in dropped]
    edits = _edits(chat, names, stay)
    pieces: list[TextMapping] = []
    left_out = [LeftOut(RESIDUE, span, -1, False) for span in chat.residue]
    length = 0
    for message in chat.messages:
        if message.index in dropped:
            left_out.append(LeftOut(dropped[message.index], message.span, message.index, True))
            continue
        at = message.span.start
        for step, edit in edits.get(message.index, []):
            length = _add(pieces, length, chat.text, Span(at, edit.span.start), message.index)
            if edit.replacement:
                pieces.append(TextMapping(length, edit.replacement, None, message.index))
                length += len(edit.replacement)
            left_out.append(LeftOut(step, edit.span, message.index, False))
            at = edit.span.end
        length = _add(pieces, length, chat.text, Span(at, message.span.end), message.index)
    _trim(pieces)
    left_out.sort(key=lambda part: part.span)
    return Cleaned("".join(piece.text for piece in pieces), tuple(pieces), tuple(left_out), names)


def uncut(chat: UnparsedChat) -> Cleaned:
    """A conversation of which no step leaves anything out, as one piece; for what needs no numbers of messages.

    Its text and what is left out (the residue) are the same as :func:`clean` has without steps.

    Args:
        chat: a chat; its messages are not looked for.
    """
    text = chat.conversation
    pieces = (TextMapping(0, text, Span(0, len(text)), 0),) if text else ()
    return Cleaned(text, pieces, tuple(LeftOut(RESIDUE, span, -1, False) for span in chat.residue), ())


def without_placeholders(chat: ParsedChat) -> str:
    """The conversation without images, videos, voice messages, stickers and recalled messages, otherwise unchanged.

    Args:
        chat: a parsed chat.
    """
    return clean(chat, ("placeholders", "recalled")).text


def _dropped(chat: ParsedChat, names: tuple[str, ...]) -> dict[int, str]:
    """``{message: step}`` of the messages that go whole."""
    dropped_by: dict[int, str] = {}
    for name in names:
        if drops := STEPS[name].drops:
            for index in drops(chat):
                dropped_by.setdefault(index, name)
    talking = {message.speaker for message in chat.messages if message.index not in dropped_by}
    for message in chat.messages:
        if message.speaker and message.speaker not in talking:
            talking.add(message.speaker)
            dropped_by.pop(message.index, None)
    return dropped_by


def _edits(chat: ParsedChat, names: tuple[str, ...], stay: list[Message]) -> dict[int, list[tuple[str, Removal]]]:
    """Changes by message, in order and without overlaps: of two that touch the same characters the first one counts."""
    every = [(name, edit) for name in names if (edits := STEPS[name].edits) for edit in edits(chat, stay)]
    removals: dict[int, list[tuple[str, Removal]]] = {}
    for name, edit in sorted(every, key=lambda pair: pair[1].span):
        own = removals.setdefault(edit.message, [])
        if not own or own[-1][1].span.end <= edit.span.start:
            own.append((name, edit))
    return removals


def _add(pieces: list[TextMapping], length: int, text: str, span: Span, message: int) -> int:
    if span.end <= span.start:
        return length
    pieces.append(TextMapping(length, span.of(text), span, message))
    return length + span.end - span.start


def _trim(pieces: list[TextMapping]) -> None:
    """Take the line breaks off the end, as ``ParsedChat.conversation`` does."""
    while pieces:
        last = pieces.pop()
        words = last.text.rstrip("\n")
        if words:
            source = last.source and Span(last.source.start, last.source.start + len(words))
            pieces.append(TextMapping(last.start, words, source, last.message))
            return
