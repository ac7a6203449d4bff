"""What a hub keeps: one SQLite file of its own, one writer."""
