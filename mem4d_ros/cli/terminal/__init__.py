"""What the commands show while they run, and how they are stopped."""
