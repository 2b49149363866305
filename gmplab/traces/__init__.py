"""A record as frames, metrics and files.

`run.Run` is what `gmplab.run` returns. `columns` tells every table's columns, `metrics` every metric's formula.
"""
