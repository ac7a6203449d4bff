"""A log that cannot be rewritten unseen: RFC 9162 tree, C2SP tiles and checkpoints, receipts, an audit."""
