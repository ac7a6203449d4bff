"""Who may read what: members, sharing groups, handling."""
