"""The spool: events that were taken in and are not folded into a checkpoint yet, sealed, on the disk.

``segment`` is the form of one file, ``writer`` appends with one wait for the disk for many frames, ``reader`` goes on
from a position, ``key`` keeps the key.
"""
