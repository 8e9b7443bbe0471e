"""ReelRouter: one video API in front of every video model."""
