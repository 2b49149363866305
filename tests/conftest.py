"""Nothing is global: each test runs programs of its own, in virtual time."""

import signal

from hypothesis import settings

# No test asserts a time: on a busy machine an example may take any.
settings.register_profile("gmplab", deadline=None)
settings.load_profile("gmplab")

# A shell begins its background jobs with SIGINT ignored, and Python then leaves it so: tests of Ctrl-C would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)
