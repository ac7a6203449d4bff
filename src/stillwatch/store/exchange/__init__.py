"""The hub's database: objects, members, groups."""
