"""What a hub and a key holder keep on the disk."""
