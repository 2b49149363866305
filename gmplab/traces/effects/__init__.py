"""What each event row changes in a `State`, one function an event kind.

`gmplab.vocabulary` says beside the kind what a row means. A function first asks whether the row can be, and raises
`Impossible` with the fact that contradicts it; then it changes the state.
"""

from __future__ import annotations

from typing import Final

from gmplab.traces.effects.goroutines import (
    go_create, go_exit, go_park, go_ready, go_start, go_stop, go_syscall, go_sysexit, preempt_request, select_wait,
)
from gmplab.traces.effects.machines import (
    cpu_run, cpu_wait, hold, m_create, m_exit, m_park, m_start, m_wake, spin_start, spin_stop, steal_pass, sysmon,
)
from gmplab.traces.effects.processors import p_acquire, p_busy, p_handoff, p_idle, p_release, p_resize, p_retake, p_stop
from gmplab.traces.effects.queues import q_drain, q_get, q_move, q_overflow, q_put
from gmplab.traces.effects.world import (
    by_its_goroutine, gc_phased, gc_worker, io_readied, lock_thread, netpoll, nothing, stw_end, stw_start, stw_stopped,
    timer_fire, timer_set, timer_stop, unlock_thread,
)
from gmplab.traces.state import Effect

APPLY: Final[tuple[Effect, ...]] = (
    go_create, go_ready, go_start, go_park, go_stop, go_exit, go_syscall, go_sysexit, q_get, q_put, q_overflow, q_drain,
    q_move, p_acquire, p_release, p_idle, p_busy, p_retake, p_handoff, p_stop, p_resize, m_create, m_start, m_park,
    m_wake, m_exit, spin_start, spin_stop, steal_pass, preempt_request, timer_set, timer_fire, timer_stop, netpoll,
    io_readied, gc_phased, gc_worker, stw_start, stw_stopped, stw_end, lock_thread, unlock_thread, by_its_goroutine,
    by_its_goroutine, by_its_goroutine, select_wait, sysmon, nothing, hold, cpu_wait, cpu_run,
)
"""The function of each event kind, in the order of EVENT_KINDS."""
