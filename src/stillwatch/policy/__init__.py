"""Terms of use as data: read them, lint them, judge a dossier by them, replay them over the past."""
