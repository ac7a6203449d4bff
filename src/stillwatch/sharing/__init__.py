"""What members of an exchange send each other, as values: no sockets, no clock, no randomness of its own."""
