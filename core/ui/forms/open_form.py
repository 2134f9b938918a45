"""The form that is open on the page 表单: what stands in its boxes now, kept as a draft, with steps back.

Tables on the page are drawn from what the form was when they were drawn first (:attr:`OpenForm.shown`), so that typing
in one does not draw it anew; whatever moves rows draws all of them anew (:attr:`OpenForm.generation`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from core.domain.form.loading import FormTexts
from core.domain.form.toml_file import parse_tables
from core.domain.permissions import Permission
from core.errors import FormError, ShiyaoError
from core.services.forms.checking import FormProblem, check_form_texts
from core.services.forms.drafts import DraftView, draft_named, keep_draft
from core.services.forms.form_text import Tables, placed, with_tables
from core.services.forms.library import KnownForm, form_versions, texts_of
from core.ui import state
from core.ui.notices import show_errors

_OPEN = "shiyao.forms.open"
_ACTION = "shiyao.forms.action"
_GENERATION = "shiyao.forms.generation"
_MOST_STEPS = 50


def _next_generation() -> int:
    """A number that no widget of this session has had in its key."""
    generation: int = st.session_state.get(_GENERATION, 0) + 1
    st.session_state[_GENERATION] = generation
    return generation


@dataclass(slots=True)
class OpenForm:
    """A form in one browser session.

    Attributes:
        name: of the form.
        base: reference of the version that the draft began with; ``""``: a new form.
        revision: of the draft that the session knows; 0: there is none yet.
        shown: what the tables on the page were drawn from.
        texts: what stands in them now.
        generation: part of the tables' keys.
        steps: texts before each change, the oldest first.
        view: which part of the page was drawn last.
        problem: why the last change could not be kept; ``""`` where it was.
    """

    name: str
    base: str
    revision: int
    shown: FormTexts
    texts: FormTexts
    generation: int = field(default_factory=lambda: _next_generation())
    steps: list[FormTexts] = field(default_factory=list)
    view: str = ""
    problem: str = ""

    @property
    def tables(self) -> Tables:
        """What the form says now; empty where it is no TOML."""
        return tables_of(self.texts.form)

    @property
    def shown_tables(self) -> Tables:
        """What the tables on the page were drawn from."""
        return tables_of(self.shown.form)

    @property
    def is_draft(self) -> bool:
        """Whether there is anything that no version has."""
        return self.revision > 0

    def key(self, part: str) -> str:
        """Key of a widget; another one after rows were moved."""
        return f"form-{part}-{self.name}-{self.generation}"

    def problems(self) -> list[FormProblem]:
        """Everything that is wrong with the form as it stands."""
        return check_form_texts(self.texts)

    def change(self, texts: FormTexts) -> None:
        """Take what stands in the page's boxes now, and keep it as a draft."""
        if texts == self.texts:
            return
        self.steps = [*self.steps, self.texts][-_MOST_STEPS:]
        self.texts = texts
        self._keep()

    def replace(self, texts: FormTexts) -> None:
        """Same as :meth:`change`, for what moves rows: all tables are drawn anew."""
        self.change(texts)
        self.redraw()

    def redraw(self) -> None:
        """Draw all tables anew from what stands in them."""
        self.shown, self.generation = self.texts, _next_generation()

    def step_back(self) -> None:
        """Undo the last change of this session."""
        if self.steps:
            self.texts = self.steps.pop()
            self._keep()
            self.redraw()

    def _keep(self) -> None:
        try:
            kept = keep_draft(
                state.store(), self.name, self.texts, who=state.reviewer(), base=self.base, revision=self.revision
            )
        except ShiyaoError as error:
            self.problem = str(error)
            return
        self.revision, self.problem = kept.revision, ""


def tables_of(source: str) -> Tables:
    """What a form's text says; empty where it is no TOML."""
    try:
        return parse_tables(source, "表单")
    except FormError:
        return {}


def with_places(opened: OpenForm) -> Tables:
    """What the tables on the page were drawn from, each entry with its place."""
    return placed(opened.shown_tables)


def with_all(opened: OpenForm, tables: Tables) -> FormTexts:
    """The texts that the page was drawn from, with a form that says something else."""
    return replace(opened.shown, form=with_tables(opened.shown.form, tables))


def with_entries(opened: OpenForm, **changes: Any) -> FormTexts:
    """The texts that the page was drawn from, with other entries or values at the form's top."""
    return with_all(opened, {**with_places(opened), **changes})


def open_form(name: str, view: str) -> OpenForm:
    """The form that is open in this session: its draft, else its newest version.

    Args:
        name: of the form.
        view: the part of the page that is drawn; another one draws the tables anew.

    Raises:
        NotFoundError: there is neither.
        FormError: the newest version cannot be read.
    """
    opened: OpenForm | None = st.session_state.get(_OPEN)
    with state.store().read() as session:
        draft = draft_named(session, name, state.reviewer())
        newest = None if draft else form_versions(session, name)[0]
        is_other = opened is None or opened.name != name
        # Somebody who only looks follows what is newest; what somebody has typed is never put away unseen.
        if is_other or (opened and not opened.is_draft and newest and newest.reference != opened.base):
            opened = _opened(draft) if draft else _newest(name, newest or form_versions(session, name)[0], session)
            st.session_state[_OPEN] = opened
    assert opened is not None
    if (draft.revision if draft else 0) != opened.revision and not opened.problem:
        opened.problem = f"表单「{name}」的草稿在另一个窗口里改过，或者已经保存、放弃了。请先换成那边的，再接着改"
    if opened.view != view:
        opened.view = view
        opened.redraw()
    return opened


def form_of_other_view(name: str, view: str) -> OpenForm | None:
    """The form that is open, if another part of the page was drawn of it until now; else ``None``."""
    opened: OpenForm | None = st.session_state.get(_OPEN)
    is_left = opened is not None and opened.name == name and opened.view not in ("", view)
    return opened if is_left else None


def forget_open_form() -> None:
    """The next drawing of the page opens the form anew."""
    st.session_state.pop(_OPEN, None)


def _opened(draft: DraftView) -> OpenForm:
    return OpenForm(draft.name, draft.base, draft.revision, draft.texts, draft.texts)


def _newest(name: str, newest: KnownForm, session: Any) -> OpenForm:
    texts = texts_of(session, newest.reference)
    return OpenForm(name, newest.reference, 0, texts, texts)


def later(action: Callable[[OpenForm], None]) -> Callable[[], None]:
    """A callback of a button: the action follows once the page has taken what was typed just before the click.

    Args:
        action: what is done with the open form.
    """

    def on_click() -> None:
        st.session_state[_ACTION] = action

    return on_click


def act(change: Callable[[OpenForm], FormTexts]) -> Callable[[], None]:
    """A callback of a button that changes the open form and draws its tables anew.

    Args:
        change: gives the form's new texts.
    """
    return later(lambda opened: opened.replace(change(opened)))


def do_what_was_clicked(opened: OpenForm) -> None:
    """Do what a button was clicked for, and draw the page anew; call it behind everything that takes typed text."""
    action = st.session_state.pop(_ACTION, None)
    if action is not None:
        with show_errors():
            action(opened)
            st.rerun()


def may_change() -> bool:
    """Whether who the page is drawn for may change forms."""
    return state.may(Permission.FORMS) and bool(state.reviewer())
