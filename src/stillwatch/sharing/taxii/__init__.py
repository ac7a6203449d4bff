"""TAXII 2.1 as values: queries, pages, errors, what comes in."""
