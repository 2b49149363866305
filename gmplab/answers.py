"""A component's answers, held to their type where they are given.

Not compiled: a method that is wrapped by a compiled function could not go to another process with its class.
"""

from __future__ import annotations

import functools
from typing import Any, Final

from gmplab.errors import PolicyError

TOLD: Final[dict[Any, str]] = {int: "an int", bool: "True or False", type(None): "None: what it wants it writes into orders"}


def signed(name: str, method: Any, wanted: Any) -> Any:
    """The same method, whose `PolicyError`s begin with its name.

    Parameters
    ----------
    name : str
        As in "StealTwo.amount".
    method : function
    wanted : type
        Of the answer: one of `TOLD`.
    """

    @functools.wraps(method)
    def asked(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            answer = method(self, *args, **kwargs)
        except PolicyError:
            raise
        except Exception as e:
            raise PolicyError(f"{name} raised {type(e).__name__}: {e}") from e
        if type(answer) is not wanted:
            raise PolicyError(f"{name} returned {answer!r}: must be {TOLD[wanted]}")
        if wanted is int and not -(1 << 63) <= answer < 1 << 63:
            raise PolicyError(f"{name} returned {answer}: must fit 64 bits")
        return answer

    return asked
