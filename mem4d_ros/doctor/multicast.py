"""Multicast, by which DDS finds other nodes: does a datagram to a group come back?"""

from __future__ import annotations

import socket
import struct

from mem4d_ros.doctor.finding import Finding

GROUP = "239.255.0.1"
"""Of DDS' discovery (DDSI-RTPS 2.2, 9.6.1.4.1); another port, so that nobody is disturbed."""
TIMEOUT_S = 1.0
WORD = b"mem4d doctor"


def multicast_fault() -> str:
    """Why a datagram to the group did not come back; empty where it did."""
    try:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        ):
            receiver.bind(("", 0))
            membership = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton("0.0.0.0"))
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
            receiver.settimeout(TIMEOUT_S)
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            sender.sendto(WORD, (GROUP, receiver.getsockname()[1]))
            while receiver.recv(len(WORD)) != WORD:
                pass
    except TimeoutError:
        return "a datagram to it did not come back"
    except OSError as error:
        return str(error.strerror)
    return ""


def check_multicast(fault: str) -> Finding:
    """Whether nodes can find each other by multicast."""
    if not fault:
        return Finding("network.multicast", "ok", f"a datagram to {GROUP} comes back")
    return Finding(
        "network.multicast",
        "warning",
        f"multicast to {GROUP} does not work: {fault}",
        "ip link set lo multicast on; ip route add 224.0.0.0/4 dev lo. In a container: --net=host."
        " On Wi-Fi without multicast: ROS_STATIC_PEERS or a discovery server",
    )
