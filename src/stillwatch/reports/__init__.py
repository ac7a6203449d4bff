"""A scan result in, pages and tables out: HTML, terminal, Parquet, JSON lines, JSON.

Reports render; they examine nothing and decide nothing. Every sentence keeps apart what was seen,
how strongly it weighs, and what could not be told.
"""
