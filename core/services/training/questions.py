"""Questions of training rows: the rendered prompt, split before the chat for formats with separate fields."""

import hashlib
from dataclasses import dataclass
from typing import Any

from core.domain.form import Form
from core.domain.prompts import STAGE_VARIABLES, Prompt, Rendered, gives_forms, render
from core.domain.prompts.prompt_types import COMMON_VARIABLES, Stage
from core.errors import ExportError

# Stands for the chat while the prompt is rendered; null characters keep it apart from any word of a prompt.
_MARK = "\x00chat\x00"
_CUSTOMER = "customer"
_MOST_FRAMES = 256
_SUBJECTS = ({"chat"}, {"summary"}, {"chat", _CUSTOMER})


@dataclass(frozen=True, slots=True)
class Question:
    """The question about one chat, as messages to a model.

    Attributes:
        system: the system message, or ``""``.
        head: the user message up to the chat.
        body: the chat and what follows it in the user message.
    """

    system: str
    head: str
    body: str

    @property
    def user(self) -> str:
        """The user message, exactly as extraction sends it."""
        return self.head + self.body

    @property
    def whole(self) -> str:
        """System and user message as one text, for formats with a single text."""
        return f"{self.system}\n\n{self.user}" if self.system else self.user

    @property
    def sha256(self) -> str:
        """sha256 of the question, equal to that of the rendered prompt (:class:`core.domain.prompts.Rendered`)."""
        return hashlib.sha256(f"{self.system}\0{self.user}".encode()).hexdigest()


class QuestionTemplate:
    """A prompt rendered once for many chats; only the chat (or its summary) changes.

    Attributes:
        prompt: the prompt.
        subject: what it is about: ``chat`` or ``summary``.
        each_customer: whether it asks about one customer at a time.
    """

    def __init__(self, prompt: Prompt, form: Form) -> None:
        """Render the prompt.

        Raises:
            ExportError: the prompt needs more than a chat or a summary, or it does not stand in the user message
                exactly once.
            PromptError: the prompt cannot be rendered.
        """
        self.prompt = prompt
        self._form = form
        self._checked = False
        if not gives_forms(prompt.stage):
            raise ExportError(f"提示词 {prompt.id} 写的是摘要，不是表", "请换一个填表的提示词")
        if prompt.stage is Stage.CUSTOMERS and form.keys != (form.name_field,):
            raise ExportError(f"提示词 {prompt.id} 只问谁是客户，不是整张表", "请换一个填表的提示词")
        variables_needed = set(STAGE_VARIABLES[prompt.stage] - COMMON_VARIABLES)
        if variables_needed not in _SUBJECTS:
            needs = "、".join(sorted(variables_needed))
            raise ExportError(f"提示词 {prompt.id} 需要 {needs}，不能用来做训练集", "请换一个只看群聊或摘要的提示词")
        self.each_customer = _CUSTOMER in variables_needed
        self.subject = (variables_needed - {_CUSTOMER}).pop()
        self._frames: dict[str, tuple[str, str, str]] = {}
        self._frame("")

    def _render(self, text: str, customer: str) -> Rendered:
        variables: dict[str, Any] = {self.subject: text}
        if self.each_customer:
            variables[_CUSTOMER] = customer
        return render(self.prompt, self._form, **variables)

    def _frame(self, customer: str) -> tuple[str, str, str]:
        """System message, and what stands before and behind the chat; rendered once per customer's name."""
        if customer not in self._frames:
            if len(self._frames) >= _MOST_FRAMES:
                self._frames.clear()
            rendered = self._render(_MARK, customer)
            if rendered.user.count(_MARK) != 1 or _MARK in rendered.system:
                raise ExportError(f"提示词 {self.prompt.id} 里群聊不是正好出现一次，不能用来做训练集", "请换一个提示词")
            head, _, tail = rendered.user.partition(_MARK)
            self._frames[customer] = rendered.system, head, tail
        return self._frames[customer]

    def about(self, chat: str, customer: str = "") -> Question:
        """The question about a chat.

        Args:
            chat: its text, or its summary.
            customer: name of the customer that is asked about, where it asks about one at a time.

        Raises:
            ExportError: the prompt says something else for this chat than for others.
        """
        system, head, tail = self._frame(customer)
        body = (chat + tail).rstrip()
        question = Question(system, head, body if head else body.lstrip())
        if not self._checked:
            if self._render(chat, customer).sha256 != question.sha256:
                raise ExportError(f"提示词 {self.prompt.id} 会随群聊内容变化，不能用来做训练集", "请换一个提示词")
            self._checked = True
        return question
