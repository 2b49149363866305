"""What comes from outside: sources, and what is refused of one. That arrivals are noticed is in test_netpoll.py and test_theory.py."""

from __future__ import annotations

from typing import Any

import pytest

from gmplab import Exponential, Program, Source

JOB, GAP = Program("job").compute("5us"), Exponential(10_000)


@pytest.mark.parametrize(("given", "message"), [
    (("job", GAP, 3), "Source: program = 'job': must be a Program"),
    ((JOB, 10_000, 3), "Source: gap = 10000: must be a Distribution of ns, as Exponential(10_000)"),
    ((JOB, GAP, 2.0), "Source: n = 2.0: must be an int of at least 1 arrivals"),
    ((JOB, GAP, 3, 5), "Source: cls = 5: must be a text"),
])
def test_a_part_of_a_source_of_another_type_is_told_by_its_name(given: tuple[Any, ...], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        Source(*given)
    assert str(caught.value) == message


def test_a_source_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="^Source: n = 0: must be an int of at least 1 arrivals$"):
        Source(JOB, GAP, 0)
