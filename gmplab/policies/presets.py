"""Whole schedulers by name. Each is a value: `go.replace(steal=StealOne())` is another.

The versions of Go, the schedulers of other runtimes, and those of textbooks are a file each. Their names load from here.
A preset is made of the components that everybody has, and of `Rules`; what they cannot express stands in its `doc`.
"""

from __future__ import annotations

from gmplab.policies.go_versions import go, go1_0, go1_1, go1_2, go1_5, go1_14, go1_21
from gmplab.policies.other_runtimes import beam, cilk, dotnet, ghc, java, kotlin, rayon, shenango, shinjuku, tbb, tokio
from gmplab.policies.textbook import fifo, jsq, las, partitioned, ps, segmented, srpt, threadpool, two_choices
from gmplab.runtime.contracts import Policy

PRESETS: dict[str, Policy] = {
    p.name: p
    for p in (
        go, go1_21, go1_14, go1_5, go1_2, go1_1, go1_0,
        threadpool, segmented,
        tokio, rayon, cilk, tbb, java, kotlin, dotnet, beam, ghc, shenango, shinjuku,
        fifo, partitioned, two_choices, jsq, srpt, las, ps,
    )
}
"""The presets by name; "go1.27" is "go"."""
PRESETS["go1.27"] = go
