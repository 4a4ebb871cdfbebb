"""Contents of sensor_msgs, read by their fields: of ROS itself, of a bag, or of similar objects."""
