"""Fake vendors over real HTTP, as strict as the real ones: for tests, for trials, and to judge adapters by."""
