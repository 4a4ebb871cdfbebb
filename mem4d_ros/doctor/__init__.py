"""What may be wrong with a machine: small checks, each of which returns findings.

A check is a function of what it judges; what it judges is read by a function of its own, so that a
fault can be made up for a test. Those of ROS are in `mem4d_ros/ros/doctor/`.
"""
