"""A two-sided script for the sync machine: expect an ask, feed a reply; printed when it fails."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from agent.core import answers, sync
from agent.core.answers import Aside
from agent.core.lanes import Way
from agent.core.ranges import NONE, run
from agent.core.reply import Answered, Heads, Reply
from agent.core.shelf import Cut, Shelf
from agent.core.sync import Ask, AskHead, Phase, Post, Sync, View
from protocol.registry import Problem
from protocol.wire import Answer, HeadAnswer, HeldEpoch, Verdict, VerdictCode

FULL_JITTER = (1 << 16) - 1
NO_HEADS = Heads(HeadAnswer((), 0, None))


def verdicts(*codes: VerdictCode | Verdict, gained: int = 0) -> Answered:
    """An answer to a post."""
    given = tuple(one if isinstance(one, Verdict) else Verdict(one) for one in codes)
    return Answered(Answer(given, None, 0, (), (), None, 0), gained)


def refusal(problem: Problem, index: int | None = None) -> Verdict:
    """A verdict that refuses a span."""
    return Verdict(VerdictCode.REFUSED, problem, index)


def receipts(gained: int, after: int | None = None, *, lacking: bool = False) -> Answered:
    """An answer to a collection."""
    return Answered(Answer((), None, 0, (), (), after, 0), gained, lacking)


def heads(*epochs: tuple[bytes, tuple[tuple[int, int], ...]], after: int | None = None) -> Heads:
    """What the server holds."""
    held = tuple(HeldEpoch(epoch, ranges) for epoch, ranges in epochs)
    return Heads(HeadAnswer(held, 0, after))


@dataclass
class Play:
    """One machine, its card and its clock; every step is written down."""

    shelves: tuple[Shelf, ...]
    state: Sync = field(default_factory=Sync)
    now_ms: int = 0
    link: bool | None = None
    hurry: bool = False
    proofs: bool = True
    origin: str = ""
    returns: bool = False
    jitter: int = FULL_JITTER
    dialogue: list[str] = field(default_factory=list)

    def expect(self, ask: Ask | None) -> Play:
        """The machine wants exactly this now."""
        card = (self.shelves, self.link, self.hurry, self.proofs)
        kid = self.shelves[-1].kid if self.shelves else b""
        view = View(*card, origin=self.origin, returns=self.returns, kid=kid)
        self.state, wanted = sync.decide(self.state, view, self.now_ms)
        self.dialogue.append(f"{self.now_ms:>9} -> {wanted}")
        assert wanted == ask, "\n".join([*self.dialogue, f"  expected -> {ask}"])
        return self

    def feed(self, reply: Reply, *asides: Aside) -> Play:
        """The answer comes; exactly these rows are to be set aside."""
        self.dialogue.append(f"{self.now_ms:>9} <- {reply}")
        self.state, found = answers.answered(
            self.state, self.shelves, reply, self.now_ms, self.jitter
        )
        assert found == asides, "\n".join([*self.dialogue, f"  expected asides {asides}"])
        return self

    def wait(self, ms: int) -> Play:
        """Time passes."""
        self.now_ms += ms
        return self

    def phase(self, phase: Phase) -> Play:
        """The machine is in this phase."""
        assert self.state.phase is phase, "\n".join(self.dialogue)
        return self

    def grow(self, rows: int, *, alarm: bool = False) -> Play:
        """The newest epoch gets more committed rows, the last of them perhaps an alarm."""
        newest = self.shelves[-1]
        last = newest.last + rows
        grown = replace(newest, last=last)
        if alarm:
            grown = replace(grown, alarms=grown.alarms | run(last, last))
        self.shelves = (*self.shelves[:-1], grown)
        return self

    def prove(self, number: int, first: int, last: int) -> Play:
        """What a verified receipt changed on the card."""
        self.shelves = tuple(
            shelf.prove(first, last) if shelf.number == number else shelf for shelf in self.shelves
        )
        return self


def card(*lasts: int, alarms: tuple[int, ...] = ()) -> tuple[Shelf, ...]:
    """Epochs with rows 0..last; the alarms are in the newest."""
    shelves = tuple(
        Shelf(number, b"epoch--%d" % number, last) for number, last in enumerate(lasts, 1)
    )
    marked = NONE
    for seq in alarms:
        marked = marked | run(seq, seq)
    return (*shelves[:-1], replace(shelves[-1], alarms=marked))


def started(*lasts: int, alarms: tuple[int, ...] = ()) -> Play:
    """A machine that has learned that the server holds nothing."""
    return Play(card(*lasts, alarms=alarms)).expect(AskHead()).feed(NO_HEADS)


def a(*cuts: Cut) -> Post:
    """A batch of lane A."""
    return Post(Way.A, cuts)


def c(*cuts: Cut) -> Post:
    """A batch of lane C."""
    return Post(Way.C, cuts)


def b(*cuts: Cut) -> Post:
    """A batch of lane B."""
    return Post(Way.B, cuts)
