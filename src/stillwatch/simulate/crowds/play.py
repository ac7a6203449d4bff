from __future__ import annotations


def play_crowd(stage, crowd):
    raise NotImplementedError
