"""What a process that runs third-party parsers takes from itself before it loads one: all that Linux lets it give up.

No sockets, so no network and no database that trusts local users; no other processes or threads; no signals to others;
no writing of files. A barrier against faults and careless code. Code that is out to do harm and runs as the same user
can still read that user's files.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
from typing import Final

CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000

PR_SET_PDEATHSIG: Final = 1
PR_SET_SECCOMP: Final = 22
PR_SET_NO_NEW_PRIVS: Final = 38
SECCOMP_MODE_FILTER: Final = 2
SECCOMP_RET_ALLOW: Final = 0x7FFF0000
SECCOMP_RET_ERRNO: Final = 0x00050000

WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
ANY: Final = 0xFFFFFFFF

# <linux/audit.h>: AUDIT_ARCH_*, and the system calls by their numbers there (arch/x86/entry/syscalls/syscall_64.tbl,
# include/uapi/asm-generic/unistd.h), one line each for sockets, processes, signals, other processes' memory, files.
DENIED: Final[dict[str, tuple[int, tuple[int, ...]]]] = {
    "x86_64": (
        0xC000003E,
        (
            *(41, 42, 425),  # socket, connect, io_uring_setup
            *(56, 57, 58, 435, 59, 322),  # clone, fork, vfork, clone3, execve, execveat
            *(
                62,
                200,
                234,
                129,
                297,
                424,
            ),  # kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal
            *(101, 310, 311),  # ptrace, process_vm_readv, process_vm_writev
            *(29, 64, 68, 240),  # shmget, semget, msgget, mq_open: what outlives the process
            *(76, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92, 93, 94, 133),  # truncate, rename, mkdir … mknod
            *(258, 259, 260, 263, 264, 265, 266, 268, 280, 316, 437, 452),  # the same with …at, openat2
        ),
    ),
    "aarch64": (
        0xC00000B7,
        (
            *(198, 203, 425),
            *(220, 435, 221, 281),
            *(129, 130, 131, 138, 240, 424),
            *(117, 270, 271),
            *(194, 190, 186, 180),
            *(45,),
            *(33, 34, 35, 36, 37, 38, 52, 53, 54, 55, 88, 276, 437, 452),
        ),
    ),
}
MASKED: Final = {
    "x86_64": ((2, 1, WRITING), (257, 2, WRITING), (302, 0, ANY)),  # open, openat, prlimit64 of another process
    "aarch64": ((56, 2, WRITING), (261, 0, ANY)),
}
"""Denied where an argument, by its place, has one of these bits."""

_LOAD, _EQUAL, _ATLEAST, _ANY_OF, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
"""Classic BPF: load a word of seccomp_data, jump, return (<linux/filter.h>, <linux/seccomp.h>)."""

_X32 = 0x40000000
"""From here on x86-64 has the same calls a second time, for another ABI."""


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def isolate() -> list[str]:
    """Give up what can be given up, for good; returns what the system did not allow, one sentence each."""
    libc = ctypes.CDLL(None, use_errno=True)
    for which in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(which, (0, 0))
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    alone = not libc.unshare(CLONE_NEWNET) or not libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
    filtered = _filter(libc)
    return [] if alone or filtered else ["third-party parsers can reach the network: this system has no way to bar it"]


def _filter(libc: ctypes.CDLL) -> bool:
    """Let the calls of DENIED fail with EPERM from now on. Needs no privileges, and works in containers and systemd."""
    if platform.machine() not in DENIED:
        return False
    arch, numbers = DENIED[platform.machine()]
    masked = MASKED[platform.machine()]
    allow = 4 + len(numbers) + 3 * len(masked)  # the places of the two ends; jumps are counted from the next step
    deny = allow + 1
    steps = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 0, deny - 2, arch),
        (_LOAD, 0, 0, _NUMBER),
        (_ATLEAST, deny - 4, 0, _X32),
    ]
    for number in numbers:
        steps.append((_EQUAL, deny - len(steps) - 1, 0, number))
    for number, place, bits in masked:
        steps.append((_EQUAL, 0, 2, number))
        steps.append((_LOAD, 0, 0, _ARGUMENTS + 8 * place))  # its lower half: both are little-endian
        steps.append((_ANY_OF, deny - len(steps) - 1, allow - len(steps) - 1, bits))
    steps += [(_RETURN, 0, 0, SECCOMP_RET_ALLOW), (_RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.EPERM)]
    program = _Program(len(steps), (_Instruction * len(steps))(*(_Instruction(*step) for step in steps)))
    return not libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)
