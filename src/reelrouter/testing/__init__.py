"""For tests, ours and yours: scripted backends, a frozen clock, and the suites that every implementation passes."""
