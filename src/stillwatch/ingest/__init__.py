"""Bytes to event batches: one reader a log format, keyed identifiers, and an honest account of rejects.

``sources`` finds and opens inputs, ``records`` cuts them into records, ``readers`` turn records into raw
columns, ``door`` keys the identifiers. ``read == accepted + rejected`` holds for every source.
"""
