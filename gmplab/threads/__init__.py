"""The driver on real OS threads: the steps of `gmplab.runtime`, taken by threads under one lock.

It decides nothing: what an M does next is what `step` says. What it adds is real: an M is a thread, a park a wait, a timer
a time-out, a blocking call a blocked thread. docs/threads.md tells what this shows under Python's GIL, and what not.
"""
