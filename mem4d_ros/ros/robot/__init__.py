"""External knowledge of the robot: TF and odometry."""
