"""The hub of an exchange, over HTTP."""
