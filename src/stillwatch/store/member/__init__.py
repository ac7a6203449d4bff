"""What a member of an exchange keeps: its keys, what it shared, what it received."""
