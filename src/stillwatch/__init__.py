"""Stillwatch watches for stills: adversarial distillation in the request traffic of an AI API."""

__version__ = "0.1.0"
