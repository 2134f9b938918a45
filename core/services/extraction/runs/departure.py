"""What of a chat leaves for a model, as it is and with made-up values for personal data. Calls no model."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from core.adapters.llm import ModelSpec, is_remote
from core.adapters.store import Store, queries
from core.domain.chat import parse_chat
from core.domain.cleaning import clean
from core.domain.personal_data import PersonalKind, names_of_chat, personal_mentions
from core.services.extraction.pipeline import Pipeline
from core.services.extraction.runs.prompt_preview import Rendering, preview_prompt

_TITLES = {
    PersonalKind.NAME: "人名和称呼（连同发言人）",
    PersonalKind.PHONE: "电话",
    PersonalKind.EMAIL: "邮箱",
    PersonalKind.ADDRESS: "地址",
    PersonalKind.ID_CARD: "证件号",
    PersonalKind.BANK_CARD: "银行卡号",
    PersonalKind.WECHAT: "微信号",
    PersonalKind.QQ: "QQ 号",
}

_FEW = 20
"""Most chats that are looked through."""


@dataclass(frozen=True, slots=True)
class Departure:
    """The first question about one chat, as it would leave.

    Attributes:
        remote: whether the model is asked over the network; else nothing leaves.
        replaced: whether made-up values stand for personal data in what this model is sent.
        chat: index of the chat.
        chats: number of chats that the run would send.
        personal: places of personal data in what the questions show of all chats, by what they are; empty where
            nothing leaves.
        sampled: whether only some of many chats were looked through, and the places of all are estimated.
        real: the question without made-up values.
        made_up: the question with them.
    """

    remote: bool
    replaced: bool
    chat: int
    chats: int
    personal: dict[str, int]
    sampled: bool
    real: Rendering
    made_up: Rendering

    @property
    def sent(self) -> Rendering:
        """The question as this model gets it."""
        return self.made_up if self.replaced else self.real

    @property
    def sentence(self) -> str:
        """One Chinese sentence about what leaves, for a person who is about to start a run."""
        if not self.remote:
            return "这个模型在这台机器上计算，什么都不会发出去。"
        about = "约有" if self.sampled else "的"
        places = "、".join(f"{title} {count:,} 处" for title, count in self.personal.items())
        chats = f"第 {self.chat} 条群聊里" if self.chats == 1 else f"{self.chats:,} 条群聊里"
        if not places:
            return f"{chats}没有认出个人信息；群聊和表单会发给模型的服务。"
        if self.replaced:
            return f"{chats}{about}{places}，发出去之前都换成编造的，回答里再换回来。"
        return f"{chats}{about}{places}，会原样发给模型的服务。要先换成编造的，请在模型里打开「发送前替换个人信息」。"


def what_leaves(
    store: Store,
    pipeline: Pipeline,
    model: ModelSpec,
    *,
    dataset: int,
    limit: int | None = None,
    chat_indices: Iterable[int] | None = None,
) -> Departure | None:
    """What a run sends, before anything is sent: the first question, and personal data in all of its chats.

    Of many chats :data:`_FEW` from everywhere are looked through.

    Args:
        store: open store.
        pipeline: the stages; the first one's question is shown.
        model: who would be asked.
        dataset: id.
        limit: as for a run.
        chat_indices: as for a run.

    Returns:
        What leaves; ``None`` where the run has no chat.

    Raises:
        PromptError: the prompt's template fails.
    """
    with store.read() as session:
        known = queries.chat_ids(session, dataset)
        chosen = list(known) if chat_indices is None else [index for index in chat_indices if index in known]
        chosen = chosen[:limit]
        if not chosen:
            return None
        looked_at = chosen[:: math.ceil(len(chosen) / _FEW)]
        texts = [queries.chat(session, dataset, index).text for index in looked_at]
    first = chosen[0]
    step = pipeline.steps[0]

    def question(*, replace_personal: bool) -> Rendering:
        return preview_prompt(
            store,
            step.prompt,
            dataset=dataset,
            index=first,
            steps=pipeline.clean,
            fields=step.fields,
            json_object=bool(model.request().get("json_mode")),
            replace_personal=replace_personal,
        )

    if not is_remote(model.provider):
        unsent = question(replace_personal=False)
        return Departure(False, False, first, len(chosen), {}, False, unsent, unsent)
    counts: Counter[PersonalKind] = Counter()
    for text in texts:
        shown = clean(parse_chat(text), pipeline.clean).text
        counts.update(mention.kind for mention in personal_mentions(shown, names=names_of_chat(text)))
    share = len(chosen) / len(texts)
    personal = {title: round(counts[kind] * share) for kind, title in _TITLES.items() if counts[kind]}
    real, made_up = question(replace_personal=False), question(replace_personal=True)
    sampled = len(texts) < len(chosen)
    return Departure(True, model.replace_personal, first, len(chosen), personal, sampled, real, made_up)
