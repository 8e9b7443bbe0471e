"""The embedded renderer: prompts and pictures become paper-cut films, with no model and no network."""
