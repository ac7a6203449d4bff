"""What the verbs of the command line do: wire the rooms together, write the files, choose the exit code."""
