"""Requests that measure the model or its guards instead of using it."""
