"""Every finding's name, and what is checked under it, in one table.

`python -m mem4d_ros.doctor.catalogue` prints the table of docs/troubleshooting.md.
"""

from __future__ import annotations

CATALOGUE = {
    "python.version": "Python's version",
    "torch.version": "torch's version, and whether it can be imported",
    "torch.device": "CUDA: GPU, driver and torch's build fit together, free memory",
    "memory.host": "memory that is left on the machine",
    "clock.time": "the system's clock: the year, and steps",
    "checkpoint.weights": "the checkpoint: there, whole, readable, and of which network",
    "speed.step": "how long the network takes for a frame, with full memories",
    "shared_memory.size": "/dev/shm: there, writable, large enough for images",
    "shared_memory.rights": "/dev/shm: nothing of another user's DDS",
    "shared_memory.left": "/dev/shm: no memory taken by processes that were killed",
    "network.multicast": "multicast, by which nodes find each other, reaches this machine itself",
    "ros.distribution": "ROS: a distribution or the embedded one, and its version",
    "ros.interfaces": "this package's messages are built and can be imported",
    "ros.rmw": "the middleware in use",
    "ros.checks": "the checks that need ROS have run",
    "dds.profile": "Fast DDS' profile: the file is there, whole, and named by the right variable",
    "dds.transports": "FASTDDS_BUILTIN_TRANSPORTS, which may cut a node off from the others",
    "dds.domain": "ROS_DOMAIN_ID is a number that can be used",
    "dds.discovery": "variables that limit whom a node finds",
    "dds.reliable": "images of 640x480 from another process, reliable: how many arrive",
    "dds.best_effort": "the same, best effort, as many camera drivers send",
    "clock.ros": "/clock, and which time the node takes",
    "camera.topics": "topics with images that somebody publishes",
    "camera.arrival": "a camera's images arrive, and how often",
    "camera.qos": "a camera's quality of service fits the size of its images",
    "camera.image": "a camera's images can be read, and show something",
    "camera.frame": "a camera's images name their frame",
    "camera.stamp": "a camera's stamps: set, going on, and of this machine's time",
    "camera.info": "a camera's CameraInfo: there, of the images' size, calibrated, of one frame",
    "node.health": "a running mem4d node: its state, drops and errors",
}


def markdown() -> str:
    """As a table."""
    rows = [f"| `{name}` | {meaning} |" for name, meaning in CATALOGUE.items()]
    return "\n".join(["| finding | what is checked |", "|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
