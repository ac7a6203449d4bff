"""The ground floor: frozen values every other room speaks in.

Nothing here reads a file, a clock or the environment. What turns one value into another lives in
the rooms above.
"""
