"""What a scene is made of: primitives, their motion, the sky."""
