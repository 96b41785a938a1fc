"""Batching: company changes no answer, no input fails another's, and nobody waits longer than is told."""

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kelly
from kelly.listening.words import feel_all
from kelly.serving.batching import Batcher
from kelly.serving.problems import RefusedError


def gathered(batcher, items, seconds=10.0):
    """What many callers who come at once are answered; errors as answers."""

    async def all_of_them():
        try:
            return await asyncio.gather(*(batcher.ask(item, seconds) for item in items), return_exceptions=True)
        finally:
            batcher.close()

    return asyncio.run(all_of_them())


@given(st.lists(st.integers(-5, 5), max_size=40), st.integers(1, 7), st.integers(1, 3), st.sampled_from([0.0, 0.001]))
def test_everybody_gets_their_own_answer_and_nobody_another_ones_error(items, most, lanes, delay):
    def work(batch):
        assert len(batch) <= most
        return [12 // item for item in batch]

    answers = gathered(Batcher(work, most, delay, 1e9, lanes), items)
    for item, answer in zip(items, answers, strict=True):
        assert isinstance(answer, ZeroDivisionError) if item == 0 else answer == 12 // item


def test_a_text_is_read_in_company_as_it_is_alone():
    texts = ["I miss her so much", "so happy", "the bus is late", "never again", "I can't stop crying"] * 3
    answers = gathered(Batcher(feel_all, 4, 0.001, 1e9, 2), texts)
    assert answers == [kelly.feel(text) for text in texts]


def test_nobody_waits_for_those_who_came_at_the_same_time():
    gate = threading.Event()

    def work(batch):
        for item in batch:
            if item == "slow":
                gate.wait(10)
            yield item

    async def together():
        batcher = Batcher(work, 2, 0.001, 1e9)
        quick, slow = (asyncio.create_task(batcher.ask(item, 10)) for item in ("quick", "slow"))
        assert await quick == "quick"
        assert not slow.done()
        gate.set()
        assert await slow == "slow"
        batcher.close()

    asyncio.run(together())


def test_an_answer_that_is_missing_is_an_error_and_nobody_waits_for_it():
    def work(batch):
        return (item for item in batch if item != "lost")

    found, lost = gathered(Batcher(work, 2, 0.001, 1e9), ["found", "lost"])
    assert found == "found"
    assert isinstance(lost, ValueError)


def test_who_would_wait_too_long_is_told_at_once():
    gate = threading.Event()

    def work(batch):
        gate.wait(10)
        return batch

    async def crowd():
        batcher = Batcher(work, 1, 0.0, 0.05)
        asked = [asyncio.create_task(batcher.ask(number, 10)) for number in range(50)]
        await asyncio.sleep(0.1)
        refused = [task.exception() for task in asked if task.done()]
        gate.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        batcher.close()
        return refused, answers

    refused, answers = asyncio.run(crowd())
    assert refused
    assert all(isinstance(error, RefusedError) and (error.status, error.again) == (429, 1) for error in refused)
    assert sum(isinstance(answer, int) for answer in answers) == 50 - len(refused)


def test_what_nobody_waits_for_any_more_is_not_worked_out():
    worked, gate = [], threading.Event()

    def work(batch):
        worked.extend(batch)
        gate.wait(10)
        return batch

    async def impatient():
        batcher = Batcher(work, 1, 0.0, 1e9)
        first = asyncio.create_task(batcher.ask("first", 10))
        await asyncio.sleep(0.05)
        with pytest.raises(RefusedError, match="longer than") as late:
            await batcher.ask("late", 0.05)
        gone = asyncio.create_task(batcher.ask("gone", 10))
        await asyncio.sleep(0)
        gone.cancel()
        gate.set()
        assert await first == "first"
        assert await batcher.ask("last", 10) == "last"
        batcher.close()
        return late.value.status

    assert asyncio.run(impatient()) == 504
    assert worked == ["first", "last"]
