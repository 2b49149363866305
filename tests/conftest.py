"""Nothing is global: each test runs programs of its own, in virtual time."""
