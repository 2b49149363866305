"""The commands of gmplab, for a shell and for a notebook alike.

`tree` says what may be typed and reads it, `texts` makes objects of names, `perform` does it: each command is a
function of what was typed that returns a result. Nothing here prints or exits: that is `gmplab.cli`'s in a shell, and
the magic's in a notebook.
"""
