#!/usr/bin/env python3
"""watch.py COMMAND...: a command that shows a page in place, on a terminal of its own.

Commands for the terminal come on stdin, a line each, in order:

  see REGEX      wait until the page has it, in a line
  unseen REGEX   wait until it has not
  size W H       the terminal is another size from now on
  type KEYS      press them; ^C and ^Z are those keys
  stopped        wait until it has stopped itself, the terminal as it was; then let it go on
  page           print the page
  colours        print whether it was coloured
  end            wait for the end, and check that the terminal is as it was

Fails, and says why, when a wait is in vain, when a line is wider than the terminal or wraps, when the page scrolls, or
when an unknown sequence comes. The last line printed is "exited STATUS".
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
import unicodedata

WAIT = 20
SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class Screen:
    """As much of a terminal as a page needs. Whatever else is sent is an error."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.rows, self.row, self.column = [""] * height, 0, 0
        self.other = self.hidden = False
        self.colours = 0
        self.whole = False              # nothing of the page is still to come
        self.stale = 0                  # pages that may have been made for another size

    def resize(self, width, height):
        self.width, self.height = width, height
        self.rows = (self.rows + [""] * height)[:height]
        self.row = min(self.row, height - 1)
        self.stale = 2

    def put(self, char):
        wide = 2 if unicodedata.east_asian_width(char) in "WF" else 0 if unicodedata.combining(char) else 1
        line = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = line[:self.column] + char + line[self.column + 1:]
        self.column += wide
        if self.column > self.width and not self.stale:
            sys.exit(f"wraps at {self.width}: {self.rows[self.row]}")

    def sequence(self, private, numbers, what):
        if private:
            on = what == "h"
            if numbers == "1049":
                self.other, self.rows, self.row, self.column = on, [""] * self.height, 0, 0
            elif numbers == "25":
                self.hidden = not on
            else:
                sys.exit(f"unknown mode {numbers}")
        elif what == "H":
            self.row = self.column = 0
            self.whole, self.stale = False, max(self.stale - 1, 0)
        elif what == "K":
            self.rows[self.row] = self.rows[self.row][:self.column]
        elif what == "J":
            self.rows[self.row] = self.rows[self.row][:self.column]
            self.rows[self.row + 1:] = [""] * (self.height - self.row - 1)
            self.whole = True
        elif what == "m":
            self.colours += 1
        else:
            sys.exit(f"unknown sequence {numbers}{what}")

    def feed(self, text):
        while text:
            match = SEQUENCE.match(text)
            if match:
                self.sequence(*match.groups())
                text = text[match.end():]
                continue
            char, text = text[0], text[1:]
            if char == "\x1b":
                return char + text          # the rest is still to come
            if char == "\r":
                self.column = 0
            elif char == "\n":
                self.row += 1
                if self.row >= self.height and self.other and not self.stale:
                    sys.exit("the page scrolls")
                self.row = min(self.row, self.height - 1)
            elif not self.other and ord(char) < 32:
                pass
            else:
                self.put(char)
        return ""


class Terminal:
    def __init__(self, command):
        self.fd, far = pty.openpty()
        self.far = far
        self.before = termios.tcgetattr(far)
        self.screen = Screen(100, 40)
        self.size(100, 40)
        self.left, self.bytes = "", b""
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(far, termios.TIOCSCTTY, 0)
            for n in range(3):
                os.dup2(far, n)
            os.execvp(command[0], command)

    def size(self, width, height):
        self.screen.resize(width, height)
        fcntl.ioctl(self.far, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return
        try:
            self.bytes += os.read(self.fd, 65536)
        except OSError:
            return
        # A character may be cut in two.
        for cut in range(4):
            try:
                text = self.bytes[:len(self.bytes) - cut].decode()
            except UnicodeDecodeError:
                continue
            self.bytes = self.bytes[len(self.bytes) - cut:]
            self.left = self.screen.feed(self.left + text)
            return

    def wait(self, true, what):
        until = time.monotonic() + WAIT
        while not true():
            if time.monotonic() > until:
                sys.exit(f"in vain: {what}; the page is:\n" + "\n".join(self.screen.rows))
            self.read(0.1)

    def has(self, pattern):
        return any(re.search(pattern, row) for row in self.screen.rows)

    def settled(self):
        return self.screen.whole and not self.screen.stale

    def as_before(self):
        return not self.screen.other and not self.screen.hidden and termios.tcgetattr(self.far) == self.before

    def stopped(self):
        return os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)[0] == self.pid

    def ended(self):
        pid, self.status = os.waitpid(self.pid, os.WNOHANG)
        return pid == self.pid


def main():
    t = Terminal(sys.argv[1:])
    for line in sys.stdin.read().splitlines():
        word, _, rest = line.partition(" ")
        if word == "see":
            t.wait(lambda: t.settled() and t.has(rest), line)
        elif word == "unseen":
            t.wait(lambda: t.settled() and not t.has(rest), line)
        elif word == "size":
            t.size(*map(int, rest.split()))
        elif word == "type":
            os.write(t.fd, rest.replace("^C", "\x03").replace("^Z", "\x1a").encode())
        elif word == "stopped":
            t.wait(t.stopped, line)
            t.wait(t.as_before, "the terminal as it was")
            os.kill(t.pid, signal.SIGCONT)
        elif word == "page":
            print("\n".join(row.rstrip() for row in t.screen.rows))
        elif word == "colours":
            print("coloured" if t.screen.colours else "plain")
        elif word == "end":
            t.wait(t.ended, line)
            t.wait(t.as_before, "the terminal as it was")
            print("exited", os.waitstatus_to_exitcode(t.status))
        else:
            sys.exit(f"{line}: no such command")


main()
