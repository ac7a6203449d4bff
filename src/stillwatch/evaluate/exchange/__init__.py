"""Worlds that several providers see a part of: what each finds alone, what all find together, what a liar can do."""
