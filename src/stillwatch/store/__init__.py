"""What must outlive a crash: decisions, standing, cases, appeals, the ledger, the spool of events."""
