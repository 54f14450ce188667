"""Makes the tables and figures of the papers again.

`recipes` names the runs that each needs and `scales` their sizes. `runs` trains them and `measures`
measures them, each once. `tables` and `figures` put the results beside the numbers of the papers,
which `published` holds.
"""
