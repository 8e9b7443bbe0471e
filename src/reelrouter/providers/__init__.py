"""One file for each vendor, without I/O in it, and the little that sends what they say."""
