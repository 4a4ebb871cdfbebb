"""From a reconstruction to messages, TF and files."""
