"""The hub: a TAXII 2.1 server for members of an exchange."""
