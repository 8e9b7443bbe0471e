"""What models can do and cost, and whether a request fits one: data and pure functions."""
