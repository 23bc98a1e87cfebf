"""A network of a test's own, as `unshare --net` gives it."""
import contextlib
import fcntl
import socket
import struct

SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def bring_loopback_up():
    """In a network of our own it is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket, contextlib.suppress(PermissionError):
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
