"""What a role may not do is offered to it on no page: its buttons are off and say who may."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count

import pytest
from streamlit.testing.v1 import AppTest

from core.adapters.store import Store
from core.domain.permissions import AccountRole
from core.services.team import add_account, set_actor_source, set_viewer_source, sign_in
from core.settings import settings
from core.ui import navigation
from core.ui.sign_in import person
from tests.factories.hostile import SCRIPTS, HostileHouse
from tests.pages.conftest import OpenPage
from tests.pages.finding import seen

PASSWORD = "一句很长的话当密码用"
REFUSED = "能做，「"
"""Stands in the sentence of every refusal for want of a permission."""
NAMES = {AccountRole.REVIEWER: "林晓", AccountRole.LEAD: "何静", AccountRole.ADMINISTRATOR: "王芳"}


@pytest.fixture
def house(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileHouse]:
    """A full store of a team that signs in."""
    turn = count(1)
    made = HostileHouse(store, lambda place: f"{place}{next(turn)}")
    for role, name in reversed(NAMES.items()):
        add_account(store, name, role, password=PASSWORD)
    monkeypatch.setenv("SHIYAO_SIGN_IN", "accounts")
    settings.cache_clear()
    yield made
    set_actor_source(None)
    set_viewer_source(None)


def usable(app: AppTest) -> list[str]:
    """Keys of the buttons that can be pressed; signing out ends the test, not the permission."""
    return [one.id for one in app.button if not one.disabled and one.key != "sign-out"]


@pytest.mark.parametrize(
    ("role", "scripts"),
    [
        (AccountRole.REVIEWER, SCRIPTS),
        (AccountRole.LEAD, (navigation.MODELS, navigation.DATASETS, navigation.TUNING, navigation.SETTINGS)),
    ],
)
def test_no_page_offers_what_a_role_may_not_do(
    open_page: OpenPage,
    store: Store,
    house: HostileHouse,
    monkeypatch: pytest.MonkeyPatch,
    role: AccountRole,
    scripts: Sequence[str],
) -> None:
    monkeypatch.setattr(person, "own_token", partial(str, sign_in(store, NAMES[role], PASSWORD)))
    person.watch_actors()
    refused, off = [], set()
    for script, address in house.addresses():
        if script not in scripts:
            continue
        app = open_page(script, reviewer=NAMES[role], **address)
        off |= {(script, one.help) for one in app.button if one.disabled and one.help}
        for number in range(len(usable(app))):
            left = [one for one in app.button if one.id in usable(app)]
            if number < len(left):
                label = left[number].label
                app = left[number].click().run()
                if REFUSED in seen(app) or any(REFUSED in toast.value for toast in app.toast):
                    refused.append((script, address, label))
    assert refused == []
    page, who = (navigation.MODELS, "管理员") if role is AccountRole.LEAD else (navigation.RUNS, "组长或管理员")
    assert (page, f"由{who}做") in off
