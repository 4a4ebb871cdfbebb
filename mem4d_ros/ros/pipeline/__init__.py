"""The way of an image to its reconstruction."""
