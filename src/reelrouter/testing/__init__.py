"""For tests, ours and yours: scripted backends, and the suites that every implementation passes."""
