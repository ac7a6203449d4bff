"""Labelled worlds replayed, the answers counted, and other detectors judged on the same accounts."""
