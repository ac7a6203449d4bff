"""Where carried reasoning comes from and what the provider itself said: the most precise evidence there is."""
