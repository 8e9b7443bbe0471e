"""Who may do what, and what it costs them: workspaces, keys, holds and the ledger."""
