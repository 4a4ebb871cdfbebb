"""From rendered scenes and recordings to batches."""
