"""What a run trains on: sequences, where they come from, and batches of them."""
