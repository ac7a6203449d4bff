"""What weights in bits are made of: distributions, traits, and how evidence sentences write numbers."""
