"""Where the camera goes."""
