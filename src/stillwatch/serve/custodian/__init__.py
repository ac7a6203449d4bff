"""The second key holder: evaluates blinded elements under its own key, counted and bounded."""
