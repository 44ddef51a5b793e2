"""Driving: many chains of work on one executor, each chain waiting for its own results only."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, TypeVar

from verify.engine.journal import Journal
from verify.engine.pool import Executor, why_lost
from verify.engine.record import FigureRecord, TableRecord, TrialRecord
from verify.engine.trial import broken
from verify.engine.work import Done, Work

T = TypeVar("T")
Chain = Generator[Work, Any, T]


class Driver:
    """Feeds work to an executor, remembers it in the journal, and never does journalled work again."""

    def __init__(
        self,
        executor: Executor,
        execute: Callable[[Work], Done],
        journal: Journal,
        *,
        width: int,
        limit: float,
        finished: Callable[[Work], None] = lambda work: None,
    ) -> None:
        self._executor, self._execute, self._journal = executor, execute, journal
        self._width, self._limit, self._finished = width, limit, finished
        self.executed = 0
        self.seconds: dict[str, float] = {}

    def drive(self, chains: Iterable[Chain[T]]) -> list[T]:
        """Run all chains to their ends; their return values, in the order of the chains.

        A chain yields work and is sent the record: of a trial, a figure or a table.
        """
        results: dict[int, T] = {}
        ready: deque[tuple[int, Chain[T], Any]] = deque((i, chain, None) for i, chain in enumerate(chains))
        running: dict[Future[Done], tuple[int, Chain[T], Work]] = {}
        while ready or running:
            while ready and len(running) < self._width:
                number, chain, sent = ready.popleft()
                try:
                    work = chain.send(sent)
                except StopIteration as end:
                    results[number] = end.value
                    continue
                known = self._journal.found.get(work.address)
                if known is not None:
                    ready.appendleft((number, chain, self._result(work, known)))
                else:
                    running[self._executor.submit(self._execute, work)] = (number, chain, work)
            if running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    number, chain, work = running.pop(future)
                    done = self._settled(future, work)
                    self._journal.add(work.address, done)
                    self.executed += 1
                    ready.append((number, chain, self._result(work, done)))
        return [results[number] for number in sorted(results)]

    def _settled(self, future: Future[Done], work: Work) -> Done:
        error = future.exception()
        if error is None:
            return future.result()
        return Done(
            trial=None if work.shows else broken(work.claim, work.case, work.subject, why_lost(error, self._limit))
        )

    def _result(self, work: Work, done: Done) -> Any:
        self.seconds[work.claim] = self.seconds.get(work.claim, 0.0) + done.seconds
        self._finished(work)
        return {"figure": done.figure, "table": done.table}.get(work.shows, done.trial)


def once(work: Work) -> Chain[TrialRecord | FigureRecord | TableRecord]:
    """The chain of a single unit."""
    record: TrialRecord | FigureRecord | TableRecord = yield work
    return record
