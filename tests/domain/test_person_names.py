"""One rule says who is who, and the browser's is the same: tests/js/names.test.mjs reads the same file."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.domain.person_names import Identity, match_people, match_versions, name_groups, plain_name, same_person

VECTORS: dict[str, list[Any]] = json.loads(Path(__file__).with_name("person_names.json").read_text("utf-8"))
CALM = settings(derandomize=True, deadline=None, max_examples=60)
STEMS = st.sampled_from(
    ["林木", "林木森", "陈佳", "客户", "张三", "李四", "邱总", "陶然乡-邱总", "王五", "Amy", "小明妈"]
)
NUMBERS = st.sampled_from(["", "1", "2", "12", "１", "一", "十二", "二十", " 某公司", "3号店", "-2群"])
NAMES = st.builds(str.__add__, STEMS, NUMBERS) | st.text("林木森陈佳客户张三一二十12１ -", max_size=5)
LISTS = st.lists(NAMES, max_size=5)


@pytest.mark.parametrize(("one", "other", "same"), VECTORS["pairs"])
def test_two_names(one: str, other: str, same: bool) -> None:
    assert (same_person(one, other), same_person(other, one)) == (same, same)


@pytest.mark.parametrize("case", VECTORS["people"], ids=lambda case: "/".join(case["names"]))
def test_people_of_two_lists(case: dict[str, Any]) -> None:
    assert match_people(case["names"], case["others"]) == [tuple(places) for places in case["places"]]


@pytest.mark.parametrize("case", VECTORS["versions"], ids=lambda case: case["say"])
def test_customers_of_two_versions(case: dict[str, Any]) -> None:
    customers, others = ([Identity(*one) for one in case[side]] for side in ("customers", "others"))
    assert match_versions(customers, others) == case["places"]


@pytest.mark.parametrize(
    ("answers", "people"),
    [
        ([["邱总"], ["陶然乡-邱总"]], [{"邱总", "陶然乡-邱总"}]),
        ([["邱总"], ["陶然乡-邱总"], ["青山-邱总"]], [{"邱总"}, {"陶然乡-邱总"}, {"青山-邱总"}]),
        ([["邱总", "陶然乡-邱总"], ["邱总"]], [{"邱总"}, {"陶然乡-邱总"}]),
        ([["林舟"], ["林舟3"], ["林舟3 某公司"]], [{"林舟", "林舟3", "林舟3 某公司"}]),
        ([["陈佳1"], ["陈佳12"]], [{"陈佳1"}, {"陈佳12"}]),
        ([["客户１"], ["客户一", "客户12"]], [{"客户１", "客户一"}, {"客户12"}]),
        ([["", "张三1"], ["李四2"]], [{"张三1"}, {"李四2"}]),
    ],
)
def test_names_of_several_answers(answers: list[list[str]], people: list[set[str]]) -> None:
    assert groups_of(answers) == people
    assert sorted(map(sorted, groups_of(answers[::-1]))) == sorted(map(sorted, people))


def groups_of(answers: Sequence[Sequence[str]]) -> list[set[str]]:
    """The names that are one person, in the order of their first ones."""
    people: dict[str, set[str]] = {}
    for name, person in name_groups(answers).items():
        people.setdefault(person, set()).add(name)
    return list(people.values())


@given(NAMES, NAMES)
@CALM
def test_the_rule_is_symmetric(one: str, other: str) -> None:
    assert same_person(one, other) == same_person(other, one)
    assert same_person(one, one) == bool(one.strip())


@given(STEMS, st.integers(1, 99), st.integers(1, 99), st.booleans())
@CALM
def test_digits_decide(stem: str, one: int, other: int, wide: bool) -> None:
    assume(one != other)
    first, second = f"{stem}{one}", f"{stem}{other}"
    if wide:
        second = second.translate({ord(str(digit)): ord("０") + digit for digit in range(10)})
    assert not same_person(first, second)
    assert match_people([first], [second]) == [()]
    assert match_people([first], [second, first]) == [(1,)]
    assert len(groups_of([[first], [second]])) == 2


@given(LISTS, LISTS)
@CALM
def test_matching_is_symmetric_exact_first_and_unique(names: list[str], others: list[str]) -> None:
    there, back = match_people(names, others), match_people(others, names)
    pairs = {(i, j) for i, places in enumerate(there) for j in places}
    assert pairs == {(i, j) for j, places in enumerate(back) for i in places}
    for i, name in enumerate(names):
        exact = tuple(j for j, other in enumerate(others) if name.strip() and other.strip() == name.strip())
        if exact:
            assert there[i] == exact
        elif there[i]:
            alike = {other.strip() for other in others if plain_name(other) == plain_name(name)}
            assert len(alike or {other.strip() for other in others if same_person(name, other)}) == 1


@given(st.lists(LISTS, max_size=4))
@CALM
def test_names_of_one_answer_never_join_unless_written_alike(answers: list[list[str]]) -> None:
    person = name_groups(answers)
    for names in answers:
        filled = [name for name in names if name in person]
        joined = [(one, other) for one in filled for other in filled if person[one] == person[other]]
        assert all(plain_name(one) == plain_name(other) for one, other in joined)
    assert set(map(frozenset, groups_of(answers))) == set(map(frozenset, groups_of(answers[::-1])))


IDENTITIES = st.lists(
    st.builds(Identity, st.none() | st.integers(0, 2), st.sampled_from(["", "甲", "乙", "甲1"])), max_size=4
)


@given(IDENTITIES, IDENTITIES)
@CALM
def test_each_customer_finds_one_place_and_none_is_left_while_one_is_free(
    customers: list[Identity], others: list[Identity]
) -> None:
    places = [place for place in match_versions(customers, others) if place is not None]
    assert len(places) == len(set(places)) == min(len(customers), len(others))
