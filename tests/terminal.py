#!/usr/bin/env python3
"""terminal.py COMMAND...: run it on a terminal of 31 lines and 97 columns.

Lines of stdin are typed, each when what was shown has been quiet for a moment
after a prompt; the line ^C is that key. What is shown goes to stdout, and at
last a line "exited STATUS".
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios

lines = [] if sys.stdin.isatty() else sys.stdin.read().splitlines()
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 97, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])

shown = b""
typed = 0
while True:
    ready = select.select([fd], [], [], 30 if not lines else 0.5)[0]
    if ready:
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
        continue
    if not lines:
        break
    # Nothing before the first prompt; nothing but the interrupt while a command runs.
    prompt = shown[typed:].rstrip(b" ").endswith((b"$", b"#"))
    if prompt or lines[0] == "^C":
        line = lines.pop(0)
        typed = len(shown)
        os.write(fd, b"\x03" if line == "^C" else line.encode() + b"\n")
sys.stdout.buffer.write(shown)
status = os.waitpid(pid, 0)[1]
print("\nexited", os.waitstatus_to_exitcode(status))
