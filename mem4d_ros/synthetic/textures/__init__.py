"""What surfaces look like: noise, patterns, prints and photographs, kept in a library."""
