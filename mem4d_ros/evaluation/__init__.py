"""Accuracy and speed of the network."""
