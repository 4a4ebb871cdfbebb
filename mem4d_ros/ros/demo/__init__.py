"""The demo: an image source, the node and a listener, each a process of its own, over DDS."""
