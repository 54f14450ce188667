"""Reproduces the tables and figures of the papers.

`recipes` lists the runs that each needs and `scales` their sizes. `runs` trains them and `measures`
evaluates them, each once. `tables` and `figures` compare the results with the numbers of the papers
in `published`.

Models are compared on one data set with the same runs: `compared_models`, `compared_runs` and the
modules that begin with `comparison`.
"""
