"""Files that are there as a whole or not at all: text, tensors, pictures; and names in them."""

from __future__ import annotations

from mem4d_ros.writing.names import in_a_line
from mem4d_ros.writing.pictures import write_image, write_picture
from mem4d_ros.writing.tensors import write_tensors
from mem4d_ros.writing.whole import whole_file, write_text

__all__ = ["in_a_line", "whole_file", "write_image", "write_picture", "write_tensors", "write_text"]
