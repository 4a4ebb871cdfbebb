"""What sensor_msgs say, read by their fields: of ROS itself, of a bag, or of anything like them."""
