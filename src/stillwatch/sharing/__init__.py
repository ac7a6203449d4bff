"""What members share and how: protocols as values in, values out. Sockets are in ``serve``, files in ``store``."""
