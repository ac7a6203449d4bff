"""The hub of an exchange: TAXII 2.1, tags, the log; one process."""
