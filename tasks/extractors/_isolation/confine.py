"""What a parser process takes from itself before it reads anything: the network, core dumps, room, and life after its parent.

All that it starts inherits this. Where the system does not offer one of these, the others hold.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from contextlib import suppress

from tasks.extractors.limits import Limits

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38

_MOST_OPEN_FILES = 1024

# Seccomp (linux/seccomp.h, linux/filter.h): system call numbers and names of architectures as in linux/audit.h.
_SET_MODE_FILTER = 1
_FLAG_SPEC_ALLOW = 4
"""Without it older kernels slow the whole process down, against attacks that need code of the attacker's."""
_ARCHITECTURES = {"x86_64": (0xC000003E, 41, 317), "aarch64": (0xC00000B7, 198, 277)}
"""The machine's mark, socket(2), seccomp(2)."""
_IO_URING_SETUP = 425
_X32 = 0x40000000
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_ENOSYS, _EAFNOSUPPORT = 38, 97
_AF_UNIX, _AF_NETLINK = 1, 16


def confine(limits: Limits) -> None:
    """Hold this process, and what it starts, to the limits. To be called before it has threads, which would escape."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_NOFILE, _MOST_OPEN_FILES)
    if limits.memory:
        # What it allocates, not the address space, most of which libraries and their threads only reserve.
        _lower(resource.RLIMIT_DATA, limits.memory)
    _lower(resource.RLIMIT_FSIZE, limits.disk)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans of its children stay in sight
        _without_network(libc)


def die_with_parent(parent: int) -> None:
    """End when the parent does, even by SIGKILL and even while a parser holds the interpreter."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def _lower(kind: int, wanted: int) -> None:
    _, hard = resource.getrlimit(kind)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with suppress(OSError, ValueError):  # a system that does not know this limit
        resource.setrlimit(kind, (limit, limit))


def _without_network(libc: ctypes.CDLL) -> None:
    """Refuse all sockets but those between processes of this machine. A filter needs no right, unlike a network namespace."""
    if platform.machine() not in _ARCHITECTURES:
        return
    machine, socket, seccomp = _ARCHITECTURES[platform.machine()]
    steps = (
        (_LOAD, 0, 0, 4),  # the architecture: another one has other numbers
        (_JUMP_EQUAL, 0, 9, machine),
        (_LOAD, 0, 0, 0),  # the system call
        (_JUMP_AT_LEAST, 7, 0, _X32),
        (_JUMP_EQUAL, 6, 0, _IO_URING_SETUP),  # opens sockets past this filter
        (_JUMP_EQUAL, 0, 4, socket),
        (_LOAD, 0, 0, 16),  # its family
        (_JUMP_EQUAL, 2, 0, _AF_UNIX),
        (_JUMP_EQUAL, 1, 0, _AF_NETLINK),
        (_RETURN, 0, 0, _ERROR | _EAFNOSUPPORT),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERROR | _ENOSYS),
    )
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    program = struct.pack("@HP", len(steps), ctypes.addressof(kept := ctypes.create_string_buffer(code, len(code))))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        libc.syscall(seccomp, _SET_MODE_FILTER, _FLAG_SPEC_ALLOW, program)
    del kept
