"""Nothing is global: each test runs programs of its own, in virtual time."""

from hypothesis import settings

# No test asserts a time: on a busy machine an example may take any.
settings.register_profile("gmplab", deadline=None)
settings.load_profile("gmplab")
