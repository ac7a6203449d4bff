"""Detect together: what leaves a provider, how it is matched, who may see it. Values in, values out."""
