"""Things made of primitives: furniture, houses, vehicles, bodies."""
