"""Types into a shell with job control that runs commands through a launcher.

usage: guest-terminal.py LAUNCHER
"""

import os
import pty
import re
import select
import sys
import time

LAUNCHER = sys.argv[1]
LIMIT = 20.0

shell, terminal = pty.fork()
if shell == 0:
    os.environ["PS1"] = "> "
    os.execvp("bash", ["bash", "--norc", "--noediting", "-i"])

seen = ""
shown = ""


def expect(pattern):
    """Reads until the pattern has come, and forgets what was before its end."""
    global seen, shown
    end = time.monotonic() + LIMIT
    while True:
        found = re.search(pattern, seen)
        if found:
            seen = seen[found.end():]
            return found
        if time.monotonic() > end:
            sys.exit("no %r within %s s; the terminal shows %r" % (pattern, LIMIT, seen))
        if select.select([terminal], [], [], 0.1)[0]:
            text = os.read(terminal, 4096).decode(errors="replace").replace("\r", "")
            seen += text
            shown += text


def type_(text):
    os.write(terminal, text.encode())


def run(command):
    type_(LAUNCHER + " " + command + "\n")


def status(expected):
    expect("> $")
    type_("echo status=$?\n")
    found = expect(r"\nstatus=(\d+)\n").group(1)
    expect("> $")
    if int(found) != expected:
        sys.exit("status %s, not %s; the terminal showed %r" % (found, expected, shown[-500:]))


expect("> $")

# The interrupt key reaches the command, and once.
run("sh -c 'trap \"echo GOT; n=1$n\" INT; echo up; sleep 1; echo; sleep 0.3; echo n=$n'")
expect(r"\nup\n")
type_("\x03")
expect(r"\nn=1\n")
status(0)

# Without a handler it ends the command.
run("sh -c 'echo up; exec sleep 60'")
expect(r"\nup\n")
type_("\x03")
status(130)

# The quit key too, and nobody writes anything about threads.
run("sh -c 'echo up; exec sleep 60'")
expect(r"\nup\n")
type_("\x1c")
quiet = expect(r"([^>]*)> $").group(1)
if "Thread" in quiet or "thread" in quiet:
    sys.exit("the JVM wrote %r" % quiet)
type_("\n")
expect("> $")

# The suspend key stops it, and fg takes it up again.
run("sh -c 'echo up; sleep 60; echo over'")
expect(r"\nup\n")
type_("\x1a")
expect("Stopped")
expect("> $")
type_("fg\n")
expect("guest")
time.sleep(0.3)  # The shell writes the line before it hands the terminal over.
type_("\x03")
status(130)

# A shell inside has its own job control.
run("bash --norc --noediting -i")
expect("> $")
type_("PS1='in''side '\n")
expect("inside $")
type_("sleep 60\n")
time.sleep(0.3)
type_("\x1a")
expect("Stopped")
expect("inside $")
type_("fg\n")
time.sleep(0.3)
type_("\x03")
expect("inside $")
type_("exit 4\n")
status(4)

# What runs after it in the same group has the terminal again.
type_("sh -c '%s bash --norc -i; read line; echo line=$line'\n" % LAUNCHER)
expect("> $")
type_("exit\n")
time.sleep(0.5)
type_("hello\n")
expect(r"line=hello\n")
expect("> $")

# In the background it may not read, until it is in the foreground.
run("cat &")
expect("> $")
end = time.monotonic() + LIMIT
state = ""
while state != "Stopped":
    if time.monotonic() > end:
        sys.exit("not stopped; the terminal showed %r" % shown[-500:])
    time.sleep(0.1)
    type_("jobs\n")
    state = expect("Stopped|Running").group()
    expect("> $")
type_("fg\n")
expect("guest")
type_("word\n")
expect(r"word\n+word\n")
type_("\x04")
status(0)

type_("exit\n")
print("all as expected")
