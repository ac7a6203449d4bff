"""The gateway: before a model API, or beside another gateway as the one that decides.

``app`` is a raw ASGI application; ``run`` serves it. ``proxy`` carries calls through, ``record`` reads what the
detectors need from them, ``enforce`` applies barriers by standing, ``decide`` answers other gateways.
"""
