"""Which endpoint serves a plan: pure choice, no calls to anybody."""
