"""Evidence that speaks for the account: what honest work it is, as carefully weighed as the accusations."""
