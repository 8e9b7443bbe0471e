"""What an operator can see: a closed list of events, and those who listen to them."""
