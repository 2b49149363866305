"""A record as frames, metrics and files."""
