"""Time, work and memory of a step, and of its parts."""
