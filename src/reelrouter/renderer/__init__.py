"""What makes videos on this machine: child processes and the programs that run in them."""
