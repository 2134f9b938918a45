"""Work that threads ask for at the same moment is done together, each once, and nobody's fault is another's."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from core.services.extraction.runs.combining import Combiner
from tests.waiting import wait_until


class Work:
    """Doubles numbers, one group after the other; waits in the first group until it is let go."""

    def __init__(self, refused: Callable[[list[int]], bool] = lambda _: False) -> None:
        self.groups: list[list[int]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self._refused = refused

    def __call__(self, numbers: list[int]) -> list[int]:
        self.groups.append(numbers)
        self.begun.set()
        assert self.go_on.wait(30)
        if self._refused(numbers):
            raise ValueError(numbers)
        return [2 * number for number in numbers]


def asked(work: Work, numbers: range, *, most: int = 32) -> dict[int, Future[int]]:
    """One thread for each number; all but the first come while the first is worked on."""
    combined = Combiner(work, most)
    with ThreadPoolExecutor(len(numbers)) as threads:
        first = threads.submit(combined, numbers[0])
        assert work.begun.wait(30)
        others = {number: threads.submit(combined, number) for number in numbers[1:]}
        wait_until(lambda: len(combined._waiting) == len(others), 30)
        work.go_on.set()
    return {numbers[0]: first, **others}


def test_who_comes_meanwhile_is_served_together() -> None:
    work = Work()
    answers = asked(work, range(6))
    assert {number: answer.result() for number, answer in answers.items()} == {n: 2 * n for n in range(6)}
    assert work.groups[0] == [0]
    assert [sorted(group) for group in work.groups[1:]] == [[1, 2, 3, 4, 5]]


def test_no_group_is_larger_than_it_may_be() -> None:
    work = Work()
    answers = asked(work, range(6), most=2)
    assert [answer.result() for answer in answers.values()] == [0, 2, 4, 6, 8, 10]
    assert [len(group) for group in work.groups] == [1, 2, 2, 1]


def test_who_comes_while_others_are_waited_for_is_served_with_them() -> None:
    groups: list[list[int]] = []
    come = threading.Event()

    def work(numbers: list[int]) -> list[int]:
        groups.append(numbers)
        return numbers

    combined = Combiner(work, gather=lambda: wait_until(come.is_set, 30))
    with ThreadPoolExecutor(3) as threads:
        answers = [threads.submit(combined, number) for number in range(3)]
        wait_until(lambda: len(combined._waiting) == 3, 30)
        come.set()
    assert [answer.result() for answer in answers] == [0, 1, 2]
    assert [sorted(group) for group in groups] == [[0, 1, 2]]


def test_one_that_fails_fails_alone() -> None:
    work = Work(lambda numbers: 3 in numbers)
    answers = asked(work, range(6))
    with pytest.raises(ValueError, match=r"\[3\]"):
        answers.pop(3).result()
    assert all(answer.result() == 2 * number for number, answer in answers.items())
    assert sorted(group[0] for group in work.groups if len(group) == 1) == list(range(6))


def test_whoever_comes_alone_after_a_failure_is_served() -> None:
    work = Work(lambda numbers: numbers == [0])
    work.go_on.set()
    combined = Combiner(work)
    with pytest.raises(ValueError):
        combined(0)
    assert combined(1) == 2
