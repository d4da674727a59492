"""Whose program is at the other end of a connection on this machine.

Loopback belongs to everybody who is logged in: on a shared machine every user can connect to every port.
So the kit's servers ask the kernel, by the netlink query behind ``ss``, which user owns the other end.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import sys
from functools import cache

_SOCK_DIAG, _BY_FAMILY, _REQUEST = 4, 20, 1  # linux/netlink.h, linux/sock_diag.h
_ANY_STATE, _ANY_COOKIE = 0xFFFFFFFF, (0xFFFFFFFF, 0xFFFFFFFF)
_OWNER_AT = 16 + 4 + 48 + 12  # struct nlmsghdr, then what precedes idiag_uid in struct inet_diag_msg
_ROOT = 0
_ERROR = 2  # linux/netlink.h
# What a system says that does not have the query, or does not let us ask.
_NEVER = {
    errno.EAFNOSUPPORT,
    errno.EPROTONOSUPPORT,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
    errno.EPERM,
    errno.EACCES,
}

Address = tuple[str, int]


def is_ours(peer: Address, here: Address) -> bool:
    """Whether ``peer``, connected to our ``here``, belongs to this user or to the administrator.

    True as well where the kernel can never be asked (other systems, some sandboxes): it cannot be told there.
    Where it can, no answer is a no.
    """
    try:
        return not _can_tell() or _owner(peer, here) in (os.geteuid(), _ROOT)
    except OSError:
        return False


@cache
def _can_tell() -> bool:
    """Tried on a connection of our own, because "no such module" and "no such connection" look alike.

    Raises:
        OSError: not now, for want of file descriptors or time; it is tried again, and nothing is remembered.
    """
    if not sys.platform.startswith("linux"):
        return False
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.connect(listener.getsockname())
        try:
            return _owner(client.getsockname(), listener.getsockname()) == os.geteuid()
        except OSError as error:
            if error.errno in _NEVER:
                return False
            raise


def _owner(of: Address, towards: Address) -> int | None:
    """The user of the socket ``of`` that is connected to ``towards``; None when nobody holds it any more."""
    ends = struct.pack("!HH4s12x4s12x", of[1], towards[1], _packed(of), _packed(towards))
    asked = struct.pack("=BBxxI", socket.AF_INET, socket.IPPROTO_TCP, _ANY_STATE)
    asked += ends + struct.pack("=III", 0, *_ANY_COOKIE)
    head = struct.pack("=IHHII", 16 + len(asked), _BY_FAMILY, _REQUEST, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _SOCK_DIAG) as kernel:
        kernel.settimeout(1)
        kernel.sendto(head + asked, (0, 0))
        answer = kernel.recv(4096)
    (kind,) = struct.unpack_from("=H", answer, 4)
    if kind == _ERROR and (code := -struct.unpack_from("=i", answer, 16)[0]) != errno.ENOENT:
        raise OSError(code, os.strerror(code))
    if kind != _BY_FAMILY:
        return None
    uid, inode = struct.unpack_from("=II", answer, _OWNER_AT)
    # A socket that was closed with data still under way counts as root's, whoever sent the data.
    return int(uid) if inode else None


def _packed(address: Address) -> bytes:
    return socket.inet_aton(address[0])
