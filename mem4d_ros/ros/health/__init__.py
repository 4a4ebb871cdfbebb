"""Health of the node."""
