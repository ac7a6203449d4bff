"""The language of terms: YAML to values, strictly; its JSON Schema; one table for both."""
