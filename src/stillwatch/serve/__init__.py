"""Faces to the network: the gateway before a model API, the watch, appeals. Sockets live here and nowhere else."""
