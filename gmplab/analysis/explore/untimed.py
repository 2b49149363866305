"""The driver without a clock: whoever has a step to do may do it next.

The third driver of the core's steps, beside `sim` and the one on threads. An *actor* is an M, or the world outside
(`CLOCK`). An M is enabled at each boundary of its own; the end of its compute or system call, of a usleep and of a wait
for a theft may come at any time, so sysmon's look is one enabled step among the others, and it always comes long
enough after the look before for its rules to act. Nothing costs anything. Time stands still but for `CLOCK`, which
brings the next instant that something waits for: timers, descriptors, arrivals and what a policy put off keep their
mutual order. A schedtick may be a 61st one whenever that matters.

Whoever asks for a run (`Chooser`) answers each open decision: which actor is next, and what the dice would say. The
list of its answers is the schedule; the same answers give the same run.

Not modelled: what a policy measures in time by itself (it sees it stand still); slices that a timer of the P's own
ends (`Preempt(exact=True)`); the starvation mode of a Mutex, which begins after 1 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gmplab.runtime.boot import boot
from gmplab.runtime.contracts import Policy
from gmplab.runtime.costs import Costs, Prices
from gmplab.runtime.ending import ending, failed, finish
from gmplab.runtime.model import (
    CHOOSE_SELECT, PH_COMPUTED,
    PH_DROPPED, PH_EXECUTE, PH_EXITSYSCALL, PH_FIND, PH_FOUND, PH_HELD, PH_NETPOLL, PH_NETPOLL_DONE, PH_RECHECK, PH_SCHEDULE,
    PH_SYSCALL_DONE, PH_SYSMON, PH_SYSMON_ROUND, Driver, G, M, Sched,
)
from gmplab.runtime.outside import Outside
from gmplab.runtime.recorder import Record, Recorder
from gmplab.runtime.runq import pid
from gmplab.runtime.sim import Plan
from gmplab.runtime.steps import step
from gmplab.vocabulary import (
    M_WAKE, NO_G, NO_M, STEP_COMPUTE, STEP_END, STEP_EXIT, STEP_NETPOLL, STEP_ON, STEP_PARK, WHY_NONE,
)

NOBODY: Final = -2
"""No actor at all."""
CLOCK: Final = -1
"""The actor that is no M: the next instant comes, and what is due then from outside happens."""
LONG_NS: Final = 10_000_000_000
"""How long ago sysmon's last look was, at least: longer than any time that Go's rules wait for."""
ROLLS: Final = 64
"""Of so many numbers the different orders of victims are taken."""
ALL_ORDERS: Final = 8
"""Up to so many Ps these are all orders that there are."""


LEAVING: Final = (PH_DROPPED, PH_RECHECK, PH_NETPOLL, PH_EXITSYSCALL)
"""Where an M without a P is on its way to sleep."""
SILENT: Final = Recorder(0)
"""Of all runs that record nothing."""


class Pruned(Exception):
    """The chooser has seen enough of this run."""


class Chooser:
    """Who answers the open decisions of one run after another."""

    orders: dict[tuple[int, int], list[int]]
    """What `Untimed.roll` found, by GOMAXPROCS and thief."""

    def actor(self, driver: Untimed) -> int:
        """Which of `driver.enabled()` is next. May raise Pruned; NOBODY where none is enabled."""
        raise NotImplementedError

    def number(self, n: int) -> int:
        """One of n > 1: a case of a select, an order of victims, a policy's draw."""
        raise NotImplementedError


class Untimed(Driver):
    """One run without time.

    Parameters
    ----------
    plan, policy, procs, seed
        As `gmplab.run` resolves them. What the dice give to bodies (`intn`, service times) is the seed's, and no choice.
    level : int
        The record's level.
    chooser : Chooser
    spare : int
        How many Ms there may be beside one a P, and sysmon, before those that are on their way to sleep go first.
    """

    def __init__(
        self, plan: Plan, policy: Policy, procs: int, seed: int, level: int, chooser: Chooser, spare: int = 1
    ) -> None:
        self.spare = spare
        self.plan = plan
        self.policy = policy
        self.chooser = chooser
        self.ready: set[int] = set()
        """Ms that have a step to do, whatever the time."""
        self.timed: set[int] = set()
        """Ms that sleep, but will go on by themselves; `wakes_itself` says when."""
        self.cut: set[int] = set()
        """Ms whose compute is to end before its time."""
        self.due: list[tuple[int, int, int, int]] = []
        """What is to come from outside: (instant, serial, kind, ident), in order."""
        self.serial = 0
        self.n_steps = 0
        self.last = CLOCK
        """Who acted last."""
        self.asking = True
        """Whether a policy is only asked, and what it draws counts for nothing; `asked`: whether it drew."""
        self.asked = False
        self.error: BaseException | None = None
        self.pruned: Pruned | None = None
        self.started: list[int] = []
        """Keys of the goroutines that began to run in the last act."""
        self.first_row = 0
        """The first row of the events of the last act."""
        self.held_back = False
        """Whether somebody else could have acted too, had those on their way to sleep not come first."""
        self.cases: dict[int, int] = {}
        """How often the dice would have been asked for a select's order, by the key of the goroutine; see `drew`."""
        # What components draw when they start is no open decision: it is the least that they may draw.
        self.sched = Sched(policy, Prices(Costs.zero()), Recorder(level) if level > 0 else SILENT, self, seed, procs)
        self.asking = False
        self.outside = Outside(plan.sources, False)
        self.tick: int = self.sched.fair_tick

    # --- Driver -------------------------------------------------------------------------------------------------
    def wakeup(self, mp: M, from_p: int) -> None:
        self.ready.add(mp.id)

    def notice(self, mp: M) -> None:
        self.ready.add(mp.id)

    def clone(self, mp: M) -> bool:
        self.ready.add(mp.id)
        return True

    def interrupt(self, mp: M) -> None:
        if mp.computing:
            self.cut.add(mp.id)

    def later(self, at_ns: int, kind: int, ident: int) -> None:
        self.serial += 1
        self.due.append((at_ns, self.serial, kind, ident))
        self.due.sort()

    def choose(self, what: int, n: int, bits: int) -> int:
        if self.asking:
            self.asked = True
            return 0
        if what == CHOOSE_SELECT:
            gp = self.sched.allm[self.last].curg
            assert gp is not None
            self.cases[gp.key] = self.cases.get(gp.key, 0) + 1
        return self.chooser.number(n) if n > 1 else 0

    def drew(self, gp: G) -> int:
        """How many numbers gp's body has drawn: these, unlike the order of a select's cases, the seed decides."""
        return int(gp.draws) - self.cases.get(gp.key, 0)

    def roll(self, mp: M, bits: int) -> int:
        """One number for each order in which the policy would now look at the victims."""
        s, pp = self.sched, mp.p
        assert pp is not None
        if not s.each_once:
            numbers = self.numbers_of_orders(pp.id, mp.pass_)
        elif (s.gomaxprocs, pp.id) in self.chooser.orders:
            numbers = self.chooser.orders[s.gomaxprocs, pp.id]
        else:
            # A pass that looks at every P once has its order from the number alone, whatever the state.
            numbers = self.chooser.orders[s.gomaxprocs, pp.id] = self.numbers_of_orders(pp.id, mp.pass_)
        return numbers[self.chooser.number(len(numbers))] if len(numbers) > 1 else numbers[0]

    def numbers_of_orders(self, thief: int, pass_: int) -> list[int]:
        """Of the first ROLLS numbers those that give different orders."""
        s = self.sched
        n = s.steal.probes(s.steal_state, s.view, thief)
        orders: dict[tuple[int, ...], int] = {}
        for number in range(ROLLS):
            orders.setdefault(self.victims(thief, pass_, 0, n, number), number)
            if self.asked:
                break
        return list(orders.values())

    def victims(self, thief: int, pass_: int, first: int, n: int, roll: int) -> tuple[int, ...]:
        """Whom a pass looks at from its look `first` on, as far as that is decided; () if each look is a draw of its own."""
        s = self.sched
        self.asking, self.asked = True, False
        looks = [s.steal.victim(s.steal_state, s.view, thief, pass_, i, roll) for i in range(first, n)]
        self.asking = False
        # Of one victim looked at twice in a pass only the first look counts.
        return () if self.asked else tuple(dict.fromkeys(v for v in looks if v != thief))

    # --- who may act ----------------------------------------------------------------------------------------------
    def enabled(self) -> list[int]:
        """The actors that can act now: Ms by id, then CLOCK.

        Where there are more Ms than `spare` allows, those on their way to sleep act before all others. For while one has
        given up its P and is not asleep yet, the next wake-up makes a new M: there could be ever more of them.
        """
        s = self.sched
        actors = self.ready | {i for i in self.timed if self.wakes_itself(s.allm[i])}
        if len(s.allm) - s.nmfreed - s.nmsys >= s.gomaxprocs + self.spare:
            leaving = {i for i in self.ready if s.allm[i].phase in LEAVING and s.allm[i].p is None}
            if leaving:
                self.held_back = leaving != actors or self.next_instant() is not None
                return sorted(leaving)
        self.held_back = False
        return [*sorted(actors), CLOCK] if self.next_instant() is not None else sorted(actors)

    def wakes_itself(self, mp: M) -> bool:
        """Whether a sleeping M goes on without being woken: what it waits for is due, or takes no certain time."""
        s = self.sched
        if mp.phase == PH_NETPOLL_DONE:
            return s.netpoll_ready.size() > 0 or 0 < mp.poll_until <= s.now_ns
        if mp.phase == PH_HELD or (mp.phase == PH_SYSMON_ROUND and mp.parked):
            return mp.until_ns <= s.now_ns
        return True

    def next_instant(self) -> int | None:
        """The next instant that something from outside, a timer or a held task waits for."""
        s = self.sched
        if self.due and self.due[0][0] <= s.now_ns:
            return int(s.now_ns)
        instants = [at for at, _, _, _ in self.due[:1]]
        instants += [when for pp in s.allp if (when := pp.timers.wake_time()) > s.now_ns]
        instants += [s.allm[i].until_ns for i in self.timed if s.allm[i].phase == PH_HELD and s.allm[i].until_ns > s.now_ns]
        return min(instants) if instants else None

    def at_rest(self, mp: M) -> bool:
        """Whether mp does nothing by itself for as long as its goroutine likes: it computes, is in a system call, or sleeps."""
        if mp.id in self.ready:
            return mp.phase == PH_SYSCALL_DONE or (mp.phase == PH_COMPUTED and mp.computing and mp.id not in self.cut)
        return mp.id not in self.timed or not self.wakes_itself(mp)

    # --- the run --------------------------------------------------------------------------------------------------
    def run(self) -> None:
        """Until the run ends, in `error` if not well, or the chooser has seen enough."""
        self.loop()
        # What it shares with other runs, the plan's channels and locks, is free for the next.
        self.sched.run_token.ended = True

    def loop(self) -> None:
        s = self.sched
        self.attempt(self.begin)
        while not s.ended and self.error is None:
            try:
                actor = self.chooser.actor(self)
            except Pruned as e:
                s.stopped_by = "schedule"
                self.pruned = e
                return
            if actor == NOBODY:
                s.stopped_by = "deadlock" if s.n_runnable == 0 else "policy"
                break
            self.attempt(self.act, actor)
        if self.error is None:
            self.error = ending(s, self.policy)

    def attempt(self, what: Callable[..., None], *args: int) -> None:
        """Let the core do something; what it raises is the run's error, unlike what the chooser raises."""
        try:
            what(*args)
        except (Exception, KeyboardInterrupt) as e:
            s = self.sched
            self.error = failed(s, self.policy, e, s.allm[self.last].curg if self.last != CLOCK else None)

    def begin(self) -> None:
        """Boot."""
        s = self.sched
        self.ready.add(boot(s, self.plan.main, self.plan.args).id)
        self.outside.begin(s)

    def act(self, actor: int) -> None:
        """The next step of one actor."""
        self.n_steps += 1
        self.last = actor
        self.started = []
        self.first_row = self.sched.rec.events.rows
        if actor == CLOCK:
            self.pass_time()
            return
        mp = self.sched.allm[actor]
        self.prepare(mp)
        code = self.step(mp)
        # Two kinds of step touch nothing that another actor reads or writes, and neither can be the last of a loop:
        # sysmon lies down again; an M that does not spin goes from a G that is no other M's to execute(). Whether
        # they come before or after the steps of others makes no difference, so they come at once.
        while code == STEP_ON and self.private(mp):
            code = self.step(mp)
        if self.sched.ended or code == STEP_END:
            self.sched.ended = True
            return
        if code == STEP_PARK or code == STEP_NETPOLL:
            if mp.until_ns >= 0 or mp.phase == PH_NETPOLL_DONE:
                self.timed.add(actor)
        elif code != STEP_EXIT:
            mp.computing = code == STEP_COMPUTE
            self.ready.add(actor)

    def pass_time(self) -> None:
        """The next instant comes; of what is due from outside then, the first happens."""
        instant = self.next_instant()
        assert instant is not None
        self.sched.now_ns = instant
        if self.due and self.due[0][0] <= instant:
            _, _, kind, ident = self.due.pop(0)
            self.outside.happen(self.sched, kind, ident)

    def prepare(self, mp: M) -> None:
        """What happened to mp since its last step: it slept, or computed."""
        s = self.sched
        self.ready.discard(mp.id)
        self.timed.discard(mp.id)
        if mp.parked:
            # Nobody woke it.
            mp.parked = False
            if s.rec.full:
                s.rec.event(s.now_ns, M_WAKE, NO_G, mp.id, pid(mp), WHY_NONE, NO_M, 0)
        if mp.computing:
            mp.computing = False
            gp = mp.curg
            if mp.id in self.cut:
                # Something of it is left: how much makes no difference.
                self.cut.discard(mp.id)
            elif gp is not None:
                gp.rest_ns -= mp.rest_ns
        if mp.phase == PH_SYSMON_ROUND:
            self.long_ago()

    def long_ago(self) -> None:
        """sysmon's last look, and whatever it measures from, was long ago."""
        s = self.sched
        then = s.now_ns - max(LONG_NS, s.quantum_ns)
        for pp in s.allp:
            pp.seen_schedwhen = then
            pp.seen_syscallwhen = then
        if s.lastpoll != 0:
            s.lastpoll = then
        s.control_due_ns = s.now_ns

    def step(self, mp: M) -> int:
        """One step of the core, which costs nothing."""
        looks = mp.phase in (PH_SCHEDULE, PH_FIND) and mp.wakes == 0 and mp.toready is None
        if looks and self.tick > 1 and self.sched.runq.size() > 0:
            # Whether this is a 61st tick is an open decision too: to count them would make each state sixty.
            self.sched.fair_tick = self.chooser.number(2)
        executes = mp.phase == PH_EXECUTE
        code = step(self.sched, mp)
        mp.debt_ns = 0
        if executes and mp.curg is not None:
            self.started.append(mp.curg.key)
        return int(code)

    def private(self, mp: M) -> bool:
        if mp.phase == PH_SYSMON:
            return True
        gp = mp.found
        return (
            mp.phase == PH_FOUND and not mp.spinning and gp is not None and gp.lockedm is None and mp.wakes == 0
            and mp.toready is None and not self.sched.rules.any_resetspinning
        )

    def finish(self, header: dict[str, Any]) -> Record:
        """Close all sums and give the record."""
        return finish(self.sched, header, self.n_steps)
