"""What is asked of pictures, clips and sounds: taking them in, checking them, and deriving new ones."""
