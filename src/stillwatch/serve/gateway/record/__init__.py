"""What the detectors need of one call, read from its request and its answer beside the way through."""
