#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""holder.py - a program at an interface that answers nothing, as long as this runs.

The other end of a veth takes frames from a driver only when it has a program, too: noond's own,
which nobody ever tells to answer.

usage: holder.py NOON-XDP INTERFACE      prints "held" when it is there
"""
import ctypes
import fcntl
import os
import platform
import socket
import struct
import subprocess
import sys
import time

PARTS = 8  # of wire/xdp.h; the first is the program
BPF_LINK_CREATE, BPF_XDP = 28, 37
SYS_BPF = 280 if platform.machine() in ('aarch64', 'riscv64') else 321


def main():
    ours, theirs = (socket.socket(fileno=fcntl.fcntl(one.detach(), fcntl.F_DUPFD, 10))
                    for one in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    os.dup2(theirs.fileno(), 3)
    subprocess.run([sys.argv[1], '16', '16'], pass_fds=[3], check=True)
    held = [socket.recv_fds(ours, 256, 1)[1] for _ in range(PARTS)]
    attributes = ctypes.create_string_buffer(
        struct.pack('=IIII', held[0][0], socket.if_nametoindex(sys.argv[2]), BPF_XDP, 0), 64)
    link = ctypes.CDLL(None, use_errno=True).syscall(SYS_BPF, BPF_LINK_CREATE, attributes, 64)
    if link < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    print('held', flush=True)
    time.sleep(100000)


if __name__ == '__main__':
    main()
