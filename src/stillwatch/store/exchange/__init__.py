"""What a hub and a custodian keep on disk."""
