"""Features of one chat, from its text alone: speakers, the whole chat, values that could be filled in, words.

No label and no other chat is looked at, and neither is the chat's place in its dataset. A form is needed only for its
rules (which words speak for which value) and for the kinds of its verbatim fields.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log1p
from typing import Final

import numpy as np

from core.adapters.llm.local.form_filler import ReadMessage
from core.adapters.llm.local.provider import fill_read_chat, rank_customers, read_chat
from core.adapters.llm.local.rules import By, load_rules
from core.domain import entities
from core.domain.chat import Message, MessageKind, ParsedChat, Role, RoleGuess, guess_roles, parse_chat
from core.domain.chat.role_cues import CUES
from core.domain.chat.roles import QUESTION
from core.domain.evidence.exchanges import exchanges
from core.domain.form import Form, FormValues, Kind
from core.domain.person_names import match_people
from core.services.learning.forest import Floats

FEATURES_VERSION: Final = 1
"""Raise it with every change of what a feature means: models are refitted then."""

_THANKS = re.compile(r"谢谢|感谢|多谢|辛苦")
_STAFF_NAME = re.compile(r"客服|助手|顾问|售前|售后|技术|运营|经理|老师")
_READ_CHARS: Final = 600
_MOST_TEXT: Final = 12_000
"""Characters of each text view that words are counted in: what is longer repeats itself."""
_OWN_WORDS = re.compile(
    r"(?:我|我们|咱|咱们|本人)(?:这边)?的?|号码|电话|手机|联系|地址|邮箱|寄|收|发我|加我|位于|公司在"
)
_FIELD_WORDS: Final[Mapping[Kind, re.Pattern[str]]] = {
    Kind.PHONE: re.compile(r"电话|手机|号码|联系|微信|账号|注册|加我"),
    Kind.EMAIL: re.compile(r"邮箱|邮件|发我|发到|抄送|e-?mail", re.IGNORECASE),
    Kind.PLACE: re.compile(r"地址|我在|我们在|公司在|寄|收件|来自|位于|人在"),
    Kind.ADDRESS: re.compile(r"地址|寄|收件|邮寄|快递|位于"),
}
_RECEIVER = re.compile(r"收件|收货|寄|签收|收票")
CANDIDATE_KINDS: Final = tuple(_FIELD_WORDS)
"""Kinds of fields whose values the finders look for."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value found in a chat that a verbatim field could hold.

    Attributes:
        kind: kind of the finder.
        value: as a field would be given it.
        speaker: who said it first.
        features: numbers about it that do not depend on which speaker is the customer.
        speakers: everybody who said it, or was told it.
    """

    kind: Kind
    value: str
    speaker: str
    features: tuple[float, ...]
    speakers: frozenset[str]


@dataclass(frozen=True, slots=True)
class ChatFeatures:
    """Everything that a learner reads of one chat.

    Attributes:
        speakers: in order of their first message.
        speaker_rows: one row of numbers per speaker, see :func:`_speaker_rows`.
        chat_row: numbers about the whole chat.
        own_texts: what each speaker said.
        side_texts: what everybody said who is not staff, or is this speaker.
        all_text: what anybody said.
        rule_hits: per speaker, hits of every rule of the form, in the order of its file.
        candidates: values for verbatim fields.
        rule_forms: what the rules of ``local`` fill, one form per customer.
    """

    speakers: tuple[str, ...]
    speaker_rows: tuple[tuple[float, ...], ...]
    chat_row: tuple[float, ...]
    own_texts: tuple[str, ...]
    side_texts: tuple[str, ...]
    all_text: str
    rule_hits: tuple[tuple[float, ...], ...]
    candidates: tuple[Candidate, ...]
    rule_forms: tuple[FormValues, ...]

    @property
    def script(self) -> str:
        """What everybody said, each line with its speaker; by speaker, not in the order of the chat."""
        pairs = zip(self.speakers, self.own_texts, strict=True)
        return "\n".join(f"{speaker}：{line}" for speaker, own in pairs for line in own.split("\n"))


def chat_features(form: Form, text: str) -> ChatFeatures:
    """Compute the features of a chat.

    Args:
        form: whose rules are counted; no field of it is filled here.
        text: the chat as it is stored; residue is left out.
    """
    parsed = parse_chat(text)
    roles = guess_roles(parsed)
    lines = read_chat(parsed, roles)
    parties = exchanges(parsed, roles)
    speakers = parsed.speakers
    own: dict[str, list[ReadMessage]] = {name: [] for name in speakers}
    for line in lines:
        own[line.speaker].append(line)
    customers = [line for line in lines if line.role is not Role.STAFF]
    staff = {name for name in speakers if roles[name].role is Role.STAFF}
    customer_text = _joined(customers)
    rows = _speaker_rows(parsed, lines, roles, parties)
    return ChatFeatures(
        speakers=speakers,
        speaker_rows=tuple(rows[name] for name in speakers),
        chat_row=_chat_row(parsed, lines, roles, customers),
        own_texts=tuple(_joined(own[name]) for name in speakers),
        side_texts=tuple(
            _joined([line for line in lines if line.role is not Role.STAFF or line.speaker == name])
            if name in staff
            else customer_text
            for name in speakers
        ),
        all_text=_joined(lines),
        rule_hits=_rule_hits(form, speakers, staff, lines),
        candidates=tuple(_candidates(parsed, lines, parties)),
        rule_forms=tuple(fill_read_chat(form, lines, roles)),
    )


def _joined(lines: Sequence[ReadMessage]) -> str:
    return "\n".join(line.words for line in lines)[:_MOST_TEXT]


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _speaker_rows(
    parsed: ParsedChat,
    lines: Sequence[ReadMessage],
    roles: Mapping[str, RoleGuess],
    parties: Sequence[tuple[str, ...]],
) -> dict[str, tuple[float, ...]]:
    """Numbers about each speaker: how much, how early, to whom, in what manner, and how the name is written."""
    speakers = parsed.speakers
    spoken: dict[str, list[tuple[int, Message, ReadMessage]]] = {name: [] for name in speakers}
    messages = [message for message in parsed.messages if message.speaker]
    for place, (message, line) in enumerate(zip(messages, lines, strict=True)):
        spoken[message.speaker].append((place, message, line))
    total = max(1, len(lines))
    ranked = rank_customers(lines, roles)
    top = ranked[0][1] if ranked else 0.0
    local_weight = dict(ranked)
    local_rank = {name: place for place, (name, _) in enumerate(ranked)}
    by_score = sorted(speakers, key=lambda name: roles[name].score)
    score_rank = {name: place for place, name in enumerate(by_score)}
    characters = Counter(dict.fromkeys(speakers, 0))
    for line in lines:
        characters[line.speaker] += len(line.words.strip())
    all_characters = max(1, sum(characters.values()))
    mentioned: Counter[str] = Counter()
    quoted: Counter[str] = Counter()
    to_them: Counter[str] = Counter()
    for message, involved in zip(parsed.messages, parties, strict=True):
        to_them.update(involved[1:])
        mentioned.update(name for name in message.mentions if name)
        if message.quote and message.quote.speaker:
            quoted[message.quote.speaker] += 1
    resolved = dict(zip(mentioned, match_people(list(mentioned), speakers), strict=True))
    mentions_of = Counter(dict.fromkeys(speakers, 0))
    for name, count in mentioned.items():
        for place in resolved[name]:
            mentions_of[speakers[place]] += count
    rows: dict[str, tuple[float, ...]] = {}
    size = len(speakers)
    for name in speakers:
        own = spoken[name]
        count = len(own)
        words = [line.words[:_READ_CHARS] for _, _, line in own]
        texts = [w for (_, m, _), w in zip(own, words, strict=True) if m.kind is MessageKind.TEXT]
        count_of_texts = max(1, len(texts))
        cues = [sum(1 for w in texts if not (c.longest and len(w) > c.longest) and c.pattern.search(w)) for c in CUES]
        rows[name] = (
            roles[name].score,
            score_rank[name] / max(1, size - 1),
            float(score_rank[name] == 0),
            roles[name].score - roles[by_score[0]].score,
            float(roles[name].role is Role.CUSTOMER),
            float(roles[name].role is Role.STAFF),
            log1p(count),
            count / total,
            log1p(characters[name]),
            characters[name] / all_characters,
            characters[name] / max(1, count),
            own[0][0] / total if own else 1.0,
            own[-1][0] / total if own else 0.0,
            float(bool(own) and own[0][0] == 0),
            _share(sum(1 for w in texts if QUESTION.search(w[-80:])), count_of_texts),
            _share(sum(1 for w in texts if "您" in w), count_of_texts),
            _share(sum(1 for w in texts if _THANKS.search(w)), count_of_texts),
            mentions_of[name] / total,
            log1p(mentions_of[name]),
            quoted[name] / total,
            to_them[name] / total,
            _share(sum(1 for _, m, _ in own if m.mentions), count),
            _share(sum(1 for _, m, _ in own if m.quote), count),
            _share(sum(1 for _, m, _ in own if m.kind is MessageKind.IMAGE), count),
            _share(sum(1 for _, m, _ in own if m.kind in (MessageKind.LINK, MessageKind.FILE)), count),
            _share(local_weight.get(name, 0.0), top),
            float(local_rank.get(name, size) == 0),
            float(local_rank.get(name, size)),
            float(len(name)),
            float(name[-1:].isdigit()),
            float(any("a" <= c.lower() <= "z" for c in name)),
            float(bool(_STAFF_NAME.search(name))),
            float(size),
            *(_share(hits, count_of_texts) for hits in cues),
        )
    return rows


def _chat_row(
    parsed: ParsedChat, lines: Sequence[ReadMessage], roles: Mapping[str, RoleGuess], customers: Sequence[ReadMessage]
) -> tuple[float, ...]:
    """Numbers about the whole chat."""
    sides = Counter(guess.role for guess in roles.values())
    kinds = Counter(message.kind for message in parsed.messages)
    total = max(1, len(parsed.messages))
    by_customer = Counter(line.speaker for line in customers)
    leading = sorted(by_customer.values(), reverse=True)
    return (
        log1p(len(lines)),
        log1p(sum(len(line.words) for line in lines)),
        float(len(roles)),
        float(sides[Role.CUSTOMER]),
        float(sides[Role.STAFF]),
        len(customers) / max(1, len(lines)),
        _share(leading[1], leading[0]) if len(leading) > 1 else 0.0,
        kinds[MessageKind.IMAGE] / total,
        kinds[MessageKind.LINK] / total,
        kinds[MessageKind.FILE] / total,
        _share(sum(1 for line in lines if QUESTION.search(line.words[-80:])), len(lines)),
        _share(sum(1 for line in customers if QUESTION.search(line.words[-80:])), len(customers)),
        _share(sum(1 for message in parsed.messages if message.quote), total),
    )


def _rule_hits(
    form: Form, speakers: Sequence[str], staff: Collection[str], lines: Sequence[ReadMessage]
) -> tuple[tuple[float, ...], ...]:
    """Per speaker, hits of the rules and of the suggested values; every message is searched once for each."""
    place = {name: number for number, name in enumerate(speakers)}
    speaker = np.array([place[line.speaker] for line in lines], dtype=np.intp)
    is_staff = np.array([name in staff for name in speakers], dtype=bool)
    place_of_words = {words: at for at, words in enumerate(dict.fromkeys(line.words for line in lines))}
    words_of_line = np.array([place_of_words[line.words] for line in lines], dtype=np.intp)
    folded = [words.lower() for words in place_of_words]
    columns: list[Floats] = []

    def by_speaker(hits: Sequence[int]) -> Floats:
        own: Floats = np.zeros(len(speakers))
        np.add.at(own, speaker, np.array(hits, dtype=np.float64)[words_of_line])
        return own

    def of_side(own: Floats) -> Floats:
        """What colleagues of the customer said, and the speaker whom the row is about."""
        of_colleagues = float(own[~is_staff].sum())
        together: Floats = np.where(is_staff, own, 0.0) + of_colleagues
        return together

    for key, rules in load_rules(form.reference).choices.items():
        if key in form:
            for rule in rules:
                own = by_speaker(rule.matches(place_of_words))
                read = {By.CUSTOMER: of_side(own), By.STAFF: own[is_staff].sum(), By.ALL: own.sum()}
                columns += [np.broadcast_to(read[rule.by], own.shape), own]
    for field in form.fields:
        for value in field.values:
            lowered = value.lower()
            own = by_speaker([text.count(lowered) for text in folded])
            columns += [of_side(own), np.broadcast_to(own.sum(), own.shape)]
    if not columns:
        return tuple(() for _ in speakers)
    return tuple(tuple(map(log1p, row)) for row in np.stack(columns, axis=1).tolist())


def _candidates(
    parsed: ParsedChat, lines: Sequence[ReadMessage], parties: Sequence[tuple[str, ...]]
) -> Iterator[Candidate]:
    """Values that the finders see in messages, each once, with where and how it was said."""
    told = {message.index: involved for message, involved in zip(parsed.messages, parties, strict=True)}
    total = max(1, len(lines))
    seen_of: dict[Kind, dict[str, list[tuple[int, ReadMessage, int]]]] = {kind: {} for kind in CANDIDATE_KINDS}
    for place, line in enumerate(lines):
        for kind, value, start in _values_in(line.text):
            seen_of[kind].setdefault(value, []).append((place, line, start))
    for kind, seen in seen_of.items():
        for order, (value, places) in enumerate(seen.items()):
            place, line, start = places[0]
            before = line.text[max(0, start - 30) : start]
            around = line.text[max(0, start - 60) : start + len(value) + 40]
            previous = lines[place - 1].text[-60:] if place else ""
            field_words = _FIELD_WORDS[kind]
            yield Candidate(
                kind,
                value,
                line.speaker,
                (
                    *(float(kind is one) for one in CANDIDATE_KINDS),
                    float(order),
                    float(len(seen)),
                    log1p(len(places)),
                    place / total,
                    places[-1][0] / total,
                    float(any(one.role is Role.STAFF for _, one, _ in places)),
                    float(line.role is Role.STAFF),
                    float(line.role is Role.CUSTOMER),
                    float(bool(_OWN_WORDS.search(before))),
                    float(bool(field_words.search(around))),
                    float(bool(field_words.search(previous))),
                    float(bool(_RECEIVER.search(around))),
                    float(len(value)),
                    _share(len(value), max(1, len(line.text.strip()))),
                    log1p(len(line.text)),
                    float(line.text.count("\n")),
                    float(value.startswith("1")),
                    float("您" in line.text),
                    float(bool(QUESTION.search(line.text[-80:]))),
                ),
                frozenset(name for at, _, _ in places for name in told.get(lines[at].index, (lines[at].speaker,))),
            )


def _values_in(text: str) -> Iterator[tuple[Kind, str, int]]:
    """Kind, value and offset of everything that the finders see in a message."""
    for mention in entities.personal_phones_in(text):
        yield Kind.PHONE, mention.value, mention.start
    if "@" in text:
        for mention in entities.emails_in(text):
            yield Kind.EMAIL, mention.value, mention.start
    for kind, value in zip((Kind.PLACE, Kind.ADDRESS), entities.place_and_address(text), strict=True):
        if value:
            yield kind, value, max(0, text.find(value))


@lru_cache(maxsize=4096)
def cached_features(form_reference: str, text: str) -> ChatFeatures:
    """Same as :func:`chat_features`, cached for the latest chats of this process."""
    from core.domain.form import load_named_form

    return chat_features(load_named_form(form_reference), text)
