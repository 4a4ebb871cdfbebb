"""What a look-up in the buffer can raise."""

from __future__ import annotations


class TransformException(Exception):
    """Base of all of them."""


class LookupException(TransformException):
    """A frame is not known."""


class ConnectivityException(TransformException):
    """The frames are known but lie in separate trees."""


class ExtrapolationException(TransformException):
    """The time asked for lies outside of what is stored."""


class InvalidArgumentException(TransformException):
    """A frame name is empty or starts with a slash."""
