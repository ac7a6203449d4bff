"""What each verb of the command line takes, grouped by what the verbs are about."""
