"""What others say of the robot: TF and odometry."""
