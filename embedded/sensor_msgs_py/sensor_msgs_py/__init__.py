"""Stand-in for sensor_msgs_py, for the embedded ROS only: just `point_cloud2`."""
