"""What a check of an image stands on: its address, the way to it, its first bytes, and what can be wrong."""
