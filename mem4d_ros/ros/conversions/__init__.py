"""Between ROS messages and arrays: every function is pure."""
