"""The checks of `mem4d doctor` that need ROS; a process of their own runs them (`__main__.py`)."""
