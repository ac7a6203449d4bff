"""A member's side of an exchange: what it asks hub and custodian for, and what it sends them."""
