"""Items that a thread makes one ahead, and steps that it does one behind: order, errors, and ends."""

import threading
from collections.abc import Iterator

import pytest

from include.ahead import one_ahead, one_behind


class Ended(BaseException):
    """What no `except Exception` catches."""


def counted(until: int, begun: list[int], closed: list[int]) -> Iterator[int]:
    try:
        for number in range(until):
            begun.append(number)
            yield number
    finally:
        closed.append(threading.get_ident())


def threads() -> int:
    return sum(thread.name.startswith(("ahead", "behind")) for thread in threading.enumerate())


def test_items_come_in_their_order():
    with one_ahead(range(1000)) as items:
        assert list(items) == list(range(1000))


def test_nothing_comes_of_nothing():
    with one_ahead(()) as items:
        assert list(items) == []


def test_an_item_that_is_none_ends_nothing():
    with one_ahead([None, 0, None]) as items:
        assert list(items) == [None, 0, None]


def test_the_next_item_is_made_while_one_is_worked_on_and_no_other():
    begun: list[int] = []
    made = [threading.Event() for _ in range(6)]

    def maker() -> Iterator[int]:
        for number, event in enumerate(made):
            begun.append(number)
            event.set()
            yield number

    with one_ahead(maker()) as items:
        assert begun == []
        for number in items:
            assert number == 5 or made[number + 1].wait(10)
            assert begun == list(range(min(number + 2, 6)))


@pytest.mark.parametrize("error", [ValueError, Ended, KeyboardInterrupt])
def test_an_error_comes_where_its_item_was_due(error: type[BaseException]):
    def maker() -> Iterator[int]:
        yield 1
        yield 2
        raise error("three")

    seen: list[int] = []
    with pytest.raises(error, match="three"), one_ahead(maker()) as items:
        seen.extend(items)
    assert (seen, threads()) == ([1, 2], 0)


@pytest.mark.parametrize("error", [ValueError, Ended])
def test_who_stops_early_closes_the_maker_in_its_own_thread(error: type[BaseException]):
    begun: list[int] = []
    closed: list[int] = []

    def stop(at: int) -> None:
        raise error(f"at {at}")

    with pytest.raises(error, match="at 0"), one_ahead(counted(100, begun, closed)) as items:
        stop(next(items))
    assert len(closed) == 1 and closed[0] != threading.get_ident()
    assert begun in ([0], [0, 1]) and threads() == 0


def test_who_takes_nothing_makes_nothing_begin():
    begun: list[int] = []
    with one_ahead(counted(100, begun, [])):
        pass
    assert (begun, threads()) == ([], 0)


def test_a_step_is_done_while_the_caller_goes_on_and_before_the_next_is_begun():
    done: list[int] = []
    may_end = [threading.Event() for _ in range(3)]

    def step(number: int) -> None:
        assert may_end[number].wait(10)
        done.append(number)

    with one_behind() as behind:
        for number in range(3):
            behind(lambda number=number: step(number))
            assert done == [*range(number)]
            may_end[number].set()
    assert done == [0, 1, 2] and threads() == 0


@pytest.mark.parametrize("error", [ValueError, Ended, KeyboardInterrupt])
@pytest.mark.parametrize("following", [0, 1])
def test_what_a_step_raises_is_raised_and_nothing_follows_it(error: type[BaseException], following: int):
    done: list[int] = []

    def fail() -> None:
        raise error("torn")

    def steps() -> None:
        with one_behind() as behind:
            behind(fail)
            for number in range(following):
                behind(lambda number=number: done.append(number))

    with pytest.raises(error, match="torn"):
        steps()
    assert not done and threads() == 0


def test_a_block_that_ends_early_lets_the_step_end():
    done: list[int] = []
    begun, may_end = threading.Event(), threading.Event()

    def step() -> None:
        begun.set()
        assert may_end.wait(10)
        done.append(1)

    def ends_early() -> None:
        with one_behind() as behind:
            behind(step)
            assert begun.wait(10)
            may_end.set()
            raise Ended

    with pytest.raises(Ended):
        ends_early()
    assert done == [1] and threads() == 0
