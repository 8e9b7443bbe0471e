"""Webhooks on their way out: signed, sent, sent again, and written down. What they tell of is not known here."""
