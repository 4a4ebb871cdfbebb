"""Terminal output and interruption of the commands."""
