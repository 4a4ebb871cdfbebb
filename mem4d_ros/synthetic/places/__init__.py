"""Whole scenes: a furnished room, a street with traffic."""
