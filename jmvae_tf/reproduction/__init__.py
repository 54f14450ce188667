"""The tables and figures of the papers, made again: what to train, to measure and to show.

`recipes` says which runs each needs and `scales` how large they are; `runs` trains them and
remembers what was measured of them; `tables` and `figures` put that beside what the papers have,
which `published` holds.
"""
