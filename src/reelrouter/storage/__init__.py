"""The storage of inputs and outputs: objects under keys, the way in for finished videos, signed links."""
