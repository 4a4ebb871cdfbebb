"""From a scene to images with exact depth: rays, light, the camera's effects."""
