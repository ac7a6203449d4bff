"""Matching without showing: a tag says that two members hold the same identifier, and nothing else."""
