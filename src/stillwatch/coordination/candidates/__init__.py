"""Where groups come from, one file a source: what accounts share and most others do not."""
