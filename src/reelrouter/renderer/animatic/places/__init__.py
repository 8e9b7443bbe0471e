"""The places that a scene can play in, each cut by one function."""
