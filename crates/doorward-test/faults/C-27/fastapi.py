"""Nothing is done about it."""
