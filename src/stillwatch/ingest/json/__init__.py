"""JSON records to columns, in compiled kernels over the bytes: no Python object an event.

``paths`` turns the places a reader wants into a small trie; ``scan`` checks a record against RFC 8259
and notes where each wanted value begins and ends; ``values`` turns those spans into numbers, times and
strings; ``chat`` finds prompt, system text, turns and reasoning artefacts inside message lists.
Every input is hostile: each kernel checks every index against the record's end, and the scan runs first.
"""
