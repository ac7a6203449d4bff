"""Marks in answers whose randomness the provider owns: they stop nothing, and prove copying afterwards.

Off unless a provider turns them on. A mark edits prose only: no code, no quotation, no JSON, nothing where tools or a
schema were asked for; every edit is recorded so that it can be shown on appeal.
"""
