"""Child processes, none of which outlives the comparison, and none of which it waits for for ever."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from typing import NamedTuple

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
CLONE_NEWNET = 0x40000000


class Namespace(NamedTuple):
    """A network namespace."""
    pid: int   # of a process in it
    way: list  # words that bring a command into it, as the host's root

    def run(self, *lines):
        """Runs commands in it, each a line without quotes."""
        for line in lines:
            run([*self.way, *line.split()])


class Failure(Exception):
    """Something outside did not do what it was asked; the text is for the user."""


def _die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(command, **options):
    """Starts a process (group) that is killed when this one dies, however it dies."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(
        [str(word) for word in command], start_new_session=True, preexec_fn=_die_with_parent,
        **options)


def stop(process, patience=5):
    """Ends the process and what it has started in its group."""
    for signum, seconds in (signal.SIGTERM, patience), (signal.SIGKILL, 5):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signum)
        try:
            process.wait(seconds)
            break
        except subprocess.TimeoutExpired:
            continue
    for stream in process.stdin, process.stdout, process.stderr:
        if stream:
            with contextlib.suppress(OSError):
                stream.close()


@contextlib.contextmanager
def running(command, **options):
    """A process for the length of a block."""
    process = spawn(command, **options)
    try:
        yield process
    finally:
        stop(process)


def run(command, timeout=10):
    """The standard output of a command that has to succeed in time."""
    process = spawn(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Failure(f"{named(command)}: not done after {timeout:.0f} s") from None
    finally:
        stop(process)
    if process.returncode:
        said = (err.strip() or out.strip()).splitlines()
        raise Failure(f"{named(command)}: status {process.returncode}: " + " ".join(said[-3:]))
    return out


def named(command):
    """A command for an error message: without the way into its namespace."""
    words = [str(word) for word in command]
    if words[0] == "nsenter":
        words = words[words.index("--") + 1:]
    return " ".join(words[:4])


def await_true(condition, seconds, otherwise):
    """Waits until the condition holds; fails with the text otherwise."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failure(otherwise)
        time.sleep(0.01)


@contextlib.contextmanager
def namespace(kinds="-Urn"):
    """Namespaces of these kinds (options of unshare), and whoever holds them."""
    own = os.readlink("/proc/self/ns/net")
    with running(["unshare", kinds, "sleep", "86400"]) as holder:
        def made():
            # The name changes when sleep has taken over: then the maps of a user namespace stand.
            with open(f"/proc/{holder.pid}/comm") as comm:
                return (comm.read().strip() == "sleep"
                        and os.readlink(f"/proc/{holder.pid}/ns/net") != own)
        await_true(made, 5, "unshare makes no namespace")
        yield Namespace(holder.pid, ["nsenter", "-t", str(holder.pid), "-n", "--"])


@contextlib.contextmanager
def own_host(congestion):
    """Goes on, until the block ends, in a host network of its own, which has nothing but a loopback,
    a default route, for the engines that look for one to copy, and this congestion control."""
    with open("/proc/self/ns/net") as before:
        if LIBC.unshare(CLONE_NEWNET):
            raise Failure(f"unshare: {os.strerror(ctypes.get_errno())}")
        try:
            for line in (f"sysctl -qw net.ipv4.tcp_congestion_control={congestion}",
                         "ip link set lo up",
                         "ip link add up0 type veth peer name down0",
                         "ip link set up0 up",
                         "ip link set down0 up",
                         "ip addr add 198.51.100.2/24 dev up0",
                         "ip route add default via 198.51.100.1"):
                run(line.split())
            yield
        finally:
            if LIBC.setns(before.fileno(), CLONE_NEWNET):
                raise Failure(f"setns: {os.strerror(ctypes.get_errno())}")
