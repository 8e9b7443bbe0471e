"""The wire check: the contract's rules, run against any server that claims to keep them."""
