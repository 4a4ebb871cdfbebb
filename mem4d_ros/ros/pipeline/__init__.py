"""The path of an image to its reconstruction."""
