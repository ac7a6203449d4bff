"""Tests of groups, one file a kind of evidence, each against what chance and ordinary groups would show."""
