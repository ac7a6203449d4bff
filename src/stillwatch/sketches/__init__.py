"""The account state: fixed-size, mergeable sketches of what each account asked and got.

``fold`` is the one idea everything hangs on: the same code is the batch scan, the live stream, the
restart after a crash and the shard on a cluster. Rooms read a state; only the engine folds.
"""
