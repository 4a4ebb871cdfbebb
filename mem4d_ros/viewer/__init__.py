"""A reconstruction in the browser, live or finished, without ROS.

Sources put what they know into a :class:`~mem4d_ros.viewer.scene.Scene`; a
:class:`~mem4d_ros.viewer.viewer.Viewer` shows it to everybody who opens its address.
"""
