"""Signing in: passwords, the brake on guessing, sessions that end, and the identity provider's word."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from core.adapters.store import Store
from core.adapters.store.models import Account, SignInBrake, SignInSession, now
from core.adapters.store.queries import PASSED_BY
from core.domain.account_names import is_reserved
from core.domain.form import load_named_form
from core.domain.permissions import AccountRole
from core.errors import ConflictError, InputError, PermissionDeniedError, SignInError
from core.services import team
from core.services.extraction.runs.lifecycle import delete as delete_run
from core.services.review import apply_saves
from core.services.team import Actor, passwords, set_actor_source
from core.services.team.accounts import change_own_password, has_administrator
from core.services.team.audit import audit_entries
from core.services.team.brake import FREE_TRIES, LONGEST_WAIT, wait_after
from core.services.team.signing_in import person_of, sign_in, sign_in_by_identity, sign_out
from core.settings import settings
from tests.factories.runs import add_dataset
from tests.services.team.test_roles import save

PASSWORD = "一句很长的话当密码用"
OTHER = "另一句很长的话当密码"


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real algorithm with little memory: what it costs is no matter of these tests."""
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobodys_digest.cache_clear()


def add(store: Store, name: str = "林晓", role: AccountRole = AccountRole.REVIEWER, subject: str = "") -> None:
    team.add_account(store, name, role, password="" if subject else PASSWORD, subject=subject)


def kinds(store: Store) -> list[tuple[str, str]]:
    return [(entry.kind, entry.who or entry.target) for entry in reversed(audit_entries(store))]


@pytest.mark.both_databases
def test_who_knows_the_password_is_signed_in(store: Store) -> None:
    add(store)
    token = sign_in(store, " 林晓 ", PASSWORD, address="127.0.0.1")
    person = person_of(store, token)
    assert person is not None
    assert (person.name, person.role, person.address) == ("林晓", AccountRole.REVIEWER, "127.0.0.1")
    assert person_of(store, token[:-1]) is None and person_of(store, "") is None
    with store.read() as session:
        stored = session.execute(select(SignInSession)).scalar_one()
        account = session.execute(select(Account)).scalar_one()
        assert token not in str(stored) and PASSWORD not in str(account)
        assert account.password_hash.startswith("$argon2id$")
    assert kinds(store) == [("账号", "林晓"), ("登录", "林晓")]


def test_passwords_are_argon2id_with_the_recommended_cost() -> None:
    hasher = passwords.PasswordHasher()
    assert (hasher.time_cost, hasher.memory_cost, hasher.type.name) == (3, 65_536, "ID")


def test_a_wrong_password_says_the_same_as_an_unknown_name(store: Store) -> None:
    add(store)
    sentences = set()
    for name in ("林晓", "没有这个人", "", "\ud800", "a" * 10_000):
        with pytest.raises(SignInError) as refused:
            sign_in(store, name, OTHER, address="127.0.0.1")
        sentences.add(str(refused.value))
    assert len(sentences) == 1
    failed = audit_entries(store, kinds=["登录失败"])
    assert [entry.target for entry in failed] == ["", "", "", "", "林晓"]  # what was typed might be a password


@pytest.mark.both_databases
def test_guessing_has_to_wait_longer_and_longer_and_is_remembered(store: Store) -> None:
    add(store)
    for _ in range(FREE_TRIES):
        with pytest.raises(SignInError, match="名字或密码不对"):
            sign_in(store, "林晓", OTHER)
    with pytest.raises(SignInError, match="请在 30 秒后再试"):
        sign_in(store, "林晓", PASSWORD)  # the right one as well: whoever guesses learns nothing
    again = sign_in  # another process would see the same rows
    for expected in (60, 120, 240):
        let_time_pass(store)
        with pytest.raises(SignInError, match="名字或密码不对"):
            again(store, "林晓", OTHER)
        with store.read() as session:
            (row,) = session.execute(select(SignInBrake)).scalars()
            assert row.next_at is not None and 0 < (row.next_at - now()).total_seconds() <= expected
            assert (row.next_at - now()).total_seconds() > expected - 10
    let_time_pass(store)
    assert person_of(store, sign_in(store, "林晓", PASSWORD)) is not None
    with store.read() as session:
        assert list(session.execute(select(SignInBrake)).scalars()) == []  # and all is forgotten


def let_time_pass(store: Store) -> None:
    with store.write() as session:
        for row in session.execute(select(SignInBrake)).scalars():
            row.next_at = now()


def test_one_address_cannot_try_every_name(store: Store) -> None:
    for number in range(30):
        with pytest.raises(SignInError, match="名字或密码不对"):
            sign_in(store, f"名字{number}", OTHER, address="10.0.0.7")
    with pytest.raises(SignInError, match="试得太多了"):
        sign_in(store, "名字30", OTHER, address="10.0.0.7")
    with pytest.raises(SignInError, match="名字或密码不对"):
        sign_in(store, "名字30", OTHER, address="10.0.0.8")


@pytest.mark.both_databases
def test_tries_at_once_are_counted_as_well(store: Store) -> None:
    add(store)
    gate, sentences = threading.Barrier(12), []

    def guess(_number: int) -> None:
        gate.wait(30)
        try:
            sign_in(store, "林晓", OTHER)
        except SignInError as error:
            sentences.append(str(error))

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(guess, range(12)))
    assert sum("不对" in sentence for sentence in sentences) == FREE_TRIES and len(sentences) == 12


def test_waits_grow_and_end() -> None:
    waits = [wait_after(failures, 5) for failures in range(1, 60)]
    assert waits[:8] == [0, 0, 0, 0, 30, 60, 120, 240] and waits == sorted(waits) and waits[-1] == LONGEST_WAIT


def moved_back(store: Store, **by: float) -> None:
    with store.write() as session:
        row = session.execute(select(SignInSession)).scalar_one()
        row.seen_at, row.ends_at = row.seen_at - timedelta(**by), row.ends_at - timedelta(**by)


def test_a_session_ends_when_nobody_moves_and_after_its_time(store: Store) -> None:
    add(store)
    token = sign_in(store, "林晓", PASSWORD)
    moved_back(store, minutes=119)
    assert person_of(store, token, moved=True) is not None
    moved_back(store, minutes=119)
    assert person_of(store, token) is not None  # somebody had moved
    moved_back(store, minutes=2)
    assert person_of(store, token, moved=True) is None  # too late to move now
    token = sign_in(store, "林晓", PASSWORD)
    with store.write() as session:
        for row in session.execute(select(SignInSession)).scalars():
            row.ends_at = now()
    assert person_of(store, token) is None


def test_signing_out_closing_an_account_and_a_new_password_end_sessions(store: Store) -> None:
    add(store)
    add(store, "组长甲", AccountRole.LEAD)
    token = sign_in(store, "林晓", PASSWORD)
    sign_out(store, token)
    assert person_of(store, token) is None
    token = sign_in(store, "林晓", PASSWORD)
    team.set_password(store, "林晓", OTHER)
    assert person_of(store, token) is None
    with pytest.raises(SignInError, match="不对"):
        sign_in(store, "林晓", PASSWORD)
    token, second = sign_in(store, "林晓", OTHER), sign_in(store, "林晓", OTHER)
    person = person_of(store, token)
    assert person is not None
    with team.acting_as(person):
        with pytest.raises(SignInError, match="现在的密码不对"):
            change_own_password(store, old=PASSWORD, new=PASSWORD + "！", keep_token=token)
        change_own_password(store, old=OTHER, new=PASSWORD, keep_token=token)
    assert person_of(store, token) is not None and person_of(store, second) is None
    team.set_role(store, "林晓", AccountRole.LEAD)
    changed = person_of(store, token)
    assert changed is not None and changed.role is AccountRole.LEAD  # at once
    add(store, "王芳", AccountRole.ADMINISTRATOR)
    team.set_disabled(store, "林晓", True)
    assert person_of(store, token) is None
    with pytest.raises(SignInError, match="已停用"):
        sign_in(store, "林晓", PASSWORD)


def test_the_last_administrator_stays(store: Store) -> None:
    add(store, "王芳", AccountRole.ADMINISTRATOR)
    for change in (
        lambda: team.set_disabled(store, "王芳", True),
        lambda: team.set_role(store, "王芳", AccountRole.REVIEWER),
    ):
        with pytest.raises(ConflictError, match="最后一个"):
            change()
    assert has_administrator(store)


def test_the_last_administrator_is_one_who_can_sign_in(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add(store, "王芳", AccountRole.ADMINISTRATOR)
    add(store, "周岚", AccountRole.ADMINISTRATOR, subject="https://id|zhou")
    team.set_subject(store, "周岚", "")  # neither a password nor a provider any more
    with pytest.raises(ConflictError, match="最后一个"):
        team.set_role(store, "王芳", AccountRole.LEAD)
    for way, can in (("oidc", False), ("accounts", True), ("accounts,oidc", True)):
        monkeypatch.setenv("SHIYAO_SIGN_IN", way)
        settings.cache_clear()
        assert has_administrator(store) is can
    settings.cache_clear()


def test_guessing_the_own_password_has_to_wait_and_is_logged(store: Store) -> None:
    add(store)
    person = person_of(store, sign_in(store, "林晓", PASSWORD))
    assert person is not None
    sentences = []
    with team.acting_as(person):
        for _ in range(FREE_TRIES + 1):
            with pytest.raises(SignInError) as refusal:
                change_own_password(store, old="falsch", new=OTHER)
            sentences.append(str(refusal.value))
    assert ["不对" in sentence for sentence in sentences] == [True] * FREE_TRIES + [False]
    assert "试得太多了" in sentences[-1]
    assert kinds(store).count(("登录失败", "林晓")) == FREE_TRIES


@pytest.mark.parametrize(
    "name",
    ["按阈值通过", "管理员", "组长", "審閱員", "命令行", "服务器定时", "系统", "CLI", "匿名1234", "按阈值通过。"],
)
def test_the_programs_own_names_are_nobodys(store: Store, name: str) -> None:
    with pytest.raises(InputError, match="程序自己用的称呼"):
        add(store, name)


def test_every_name_that_the_program_writes_as_a_person_is_reserved() -> None:
    own = (PASSED_BY, *AccountRole, team.COMMAND_LINE.address, team.SERVER.address, "cli")
    assert [name for name in own if not is_reserved(str(name))] == []


@pytest.mark.parametrize("password", ["短", "aaaaaaaaaaaa", "x" * 257, "林晓林晓林晓林晓林晓"])
def test_a_poor_password_is_refused(store: Store, password: str) -> None:
    with pytest.raises(InputError):
        team.add_account(store, "林晓", AccountRole.REVIEWER, password=password)


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "林\u200b晓", "a\x00b"])
def test_a_name_that_nobody_can_read_is_refused(store: Store, name: str) -> None:
    with pytest.raises(InputError, match="看得见"):
        team.add_account(store, name, AccountRole.REVIEWER, password=PASSWORD)


NAMES_THAT_LOOK_ALIKE = {
    "blank": ("Amy Li", "amyli"),
    "capitals": ("Amy", "aMY"),
    "full width": ("Amy", "Ａｍｙ"),
    "all Cyrillic": ("cop", "сор"),
    "all Greek": ("ovo", "ονο"),
    "Kangxi radical": ("王一人", "王一⼈"),
    "traditional": ("黄河", "黃河"),
    "one stroke": ("日日", "曰曰"),
    "Katakana": ("才子", "オ子"),
    "capital i": ("Ill", "lll"),
    "zero": ("bob", "b0b"),
    "two letters": ("modern", "modem"),
    "full stop": ("王芳", "王芳."),
}


@pytest.mark.parametrize("pair", NAMES_THAT_LOOK_ALIKE.values(), ids=NAMES_THAT_LOOK_ALIKE)
def test_no_account_looks_like_another_one(store: Store, pair: tuple[str, str]) -> None:
    for first, second in (pair, pair[::-1]):
        with store.write() as session:
            session.execute(delete(Account))
        add(store, first)
        with pytest.raises(ConflictError, match="已经有名为"):
            add(store, second)


@pytest.mark.parametrize("character", "\u034f\ufe0f\u3164\u2800\u200b\u115f\uffa0\u00ad\u2066\U000e0041\ufeff")
def test_a_name_has_nothing_that_nobody_sees(store: Store, character: str) -> None:
    for name in (f"林{character}晓", f"林晓{character}", character):
        with pytest.raises(InputError, match="看得见"):
            add(store, name)


@pytest.mark.parametrize("mark", "\u0301\u0332\u20dd\u030a")
def test_a_mark_on_a_character_makes_no_other_name(store: Store, mark: str) -> None:
    with pytest.raises(InputError, match="加了符号"):
        add(store, f"王芳{mark}")
    add(store, "José")


@pytest.mark.parametrize("name", ["Аmy", "Amу", "王о芳", "αmy", "ㄏ长"])
def test_letters_of_other_scripts_that_look_the_same_are_refused(store: Store, name: str) -> None:
    with pytest.raises(InputError, match="别的文字里长得一样的字母"):
        add(store, name)


@pytest.mark.parametrize(
    "name", ["王芳", "Amy 王", "O'Neil-Li 2", "阿卜杜拉·买买提", "Анна", "さくら", "김지수", "José"]
)
def test_ordinary_names_are_names(store: Store, name: str) -> None:
    add(store, name)
    assert person_of(store, sign_in(store, name, PASSWORD)) is not None


@pytest.mark.both_databases
def test_old_names_that_look_alike_keep_working_and_are_named(store: Store) -> None:
    add(store, "Amy")
    with store.write() as session:
        row = session.execute(select(Account)).scalar_one()
        for name in ("ＡＭＹ", "林\u3164晓"):
            session.add(Account(name=name, role=row.role, password_hash=row.password_hash))
    for name in ("Amy", "ＡＭＹ", "林\u3164晓"):
        person = person_of(store, sign_in(store, name, PASSWORD))
        assert person is not None and person.name == name
    with pytest.raises(SignInError, match="不对"):  # which of the two is meant?
        sign_in(store, "amy", PASSWORD)
    alike, unseen = team.look_alikes(team.accounts(store))
    assert "「Amy」、「ＡＭＹ」看起来是同一个名字" in alike and "看不见" in unseen
    team.set_disabled(store, "林\u3164晓", True)
    with pytest.raises(SignInError, match="已停用"):
        sign_in(store, "林\u3164晓", PASSWORD)


def test_however_a_name_is_spelt_its_account_has_one_brake(store: Store) -> None:
    add(store, "Amy")
    person = person_of(store, sign_in(store, "ａｍｙ ", PASSWORD))
    assert person is not None and person.name == "Amy"
    for typed in ("Amy", "amy", "AMY", "Ａmy", "aMy")[:FREE_TRIES]:
        with pytest.raises(SignInError, match="不对"):
            sign_in(store, typed, OTHER)
    with pytest.raises(SignInError, match="试得太多"):
        sign_in(store, "amY", PASSWORD)
    with store.write() as session:  # an old account that another spelling opens is not kept waiting
        row = session.execute(select(Account)).scalar_one()
        session.add(Account(name="AMY", role=row.role, password_hash=row.password_hash))
    assert person_of(store, sign_in(store, "AMY", PASSWORD)) is not None


def test_two_administrators_cannot_close_each_other_at_once(pg_store: Store) -> None:
    add(pg_store, "王芳", AccountRole.ADMINISTRATOR)
    add(pg_store, "周遥", AccountRole.ADMINISTRATOR)
    gate = threading.Barrier(2)

    def close(name: str) -> bool:
        gate.wait(30)
        try:
            team.set_disabled(pg_store, name, True)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(close, ("王芳", "周遥"))) == [False, True]
    assert has_administrator(pg_store)


def test_a_role_or_an_account_is_taken_away_while_a_page_is_open(store: Store) -> None:
    """The next action is refused in a sentence; what was typed stays in the browser and is saved later."""
    dataset, form = add_dataset(store, 2), load_named_form()
    add(store, "王芳", AccountRole.ADMINISTRATOR)
    add(store, "林晓", AccountRole.LEAD)
    token = sign_in(store, "林晓", PASSWORD)

    def by_token() -> Actor:
        person = person_of(store, token)
        if person is None:
            raise SignInError("登录已结束", "请重新登录")
        return person

    administrator = Actor("王芳", AccountRole.ADMINISTRATOR, 1)
    typed = [save(1, "林晓", note="打了一半")]
    set_actor_source(by_token)
    try:
        with team.acting_as(administrator):
            team.set_role(store, "林晓", AccountRole.REVIEWER)
        with pytest.raises(PermissionDeniedError, match="「林晓」是审阅员"):
            delete_run(store, 1)
        assert [ack.result for ack in apply_saves(store, form, dataset.id, typed)] == ["saved"]
        typed = [save(2, "林晓", note="打了一半")]
        with team.acting_as(administrator):
            team.set_disabled(store, "林晓", True)
        with pytest.raises(SignInError, match="登录已结束"):
            apply_saves(store, form, dataset.id, typed)
        with team.acting_as(administrator):
            team.set_disabled(store, "林晓", False)
        token = sign_in(store, "林晓", PASSWORD)
        assert [ack.result for ack in apply_saves(store, form, dataset.id, typed)] == ["saved"]
    finally:
        set_actor_source(None)


def by_identity(store: Store, answer: str, **person: str | bool) -> str:
    claims = {"subject": "https://id|7", "email": "fang@example.org", "email_verified": True, "shown_name": "王 芳"}
    return sign_in_by_identity(store, answer=answer, **(claims | person))  # type: ignore[arg-type]


@pytest.mark.both_databases
def test_the_identity_provider_vouches_for_known_people_alone(store: Store) -> None:
    with pytest.raises(SignInError, match=r"还没有账号。请把这串标识交给管理员：https://id\|7"):
        by_identity(store, "a")
    add(store, "王芳", subject="fang@example.org")
    with pytest.raises(SignInError, match="还没有账号"):
        by_identity(store, "b", email_verified=False)
    token = by_identity(store, "c")
    person = person_of(store, token)
    assert person is not None and person.name == "王芳"
    with pytest.raises(SignInError, match="登录已结束"):
        by_identity(store, "c")  # one answer opens one session
    with pytest.raises(SignInError, match="还没有账号"):
        by_identity(store, "d", subject="https://id|8")  # whoever gets that address later is somebody else
    assert person_of(store, by_identity(store, "e", email="new@example.org", email_verified=False)) == person


def test_an_identity_is_never_taken_for_an_e_mail_address(store: Store) -> None:
    add(store, "周岚", subject="https://a.example|zhou@example.org")
    for address in ("https://a.example|zhou@example.org", "a|b@c", ""):
        with pytest.raises(SignInError, match="还没有账号"):
            by_identity(store, address or "leer", subject="https://b.example|evil", email=address)
