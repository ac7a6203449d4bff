"""Values that many honest people share, as lists in the format of MISP: left out before anything is compared."""
