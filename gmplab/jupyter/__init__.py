"""gmplab in a notebook: the magics `%gmp` and `%%gmp`, made by `%load_ext gmplab`.

Nothing here is needed to run anything: each magic prints with `--code` the Python that does the same.
"""
