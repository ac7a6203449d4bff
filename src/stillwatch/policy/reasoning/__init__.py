"""What can be proved of terms: which dossiers a clause can break, and whether one clause implies another."""
