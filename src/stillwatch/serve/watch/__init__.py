"""The watch: events come in, lie sealed in the spool until they are folded, and accounts are looked at as they change.

``watch`` is the one that folds; ``intake`` takes events over HTTP, ``folder`` follows files being written, ``service``
runs all of it, ``measures`` says how it is doing.
"""
