"""The servers that guests talk to: iperf3, and the load tool of this module."""

import contextlib
import random
import selectors
import socket
import subprocess

from .engines import ROOT, Ports
from .processes import Failure, await_true, run, running

LOAD = f"{ROOT}/bench/load"


def free_ports():
    """Ports that nobody listens on: the load tool wants two in a row, and one of UDP. None of those
    that the kernel gives to clients, which come and go between two servers."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as range_of_clients:
        least_of_clients = int(range_of_clients.read().split()[0])
    for _ in range(100):
        first = random.randrange(10_000, least_of_clients - 3)
        with contextlib.ExitStack() as taken, contextlib.suppress(OSError):
            for port, kind in ((first, socket.SOCK_STREAM), (first, socket.SOCK_DGRAM),
                               (first + 1, socket.SOCK_STREAM), (first + 2, socket.SOCK_STREAM)):
                one = taken.enter_context(socket.socket(socket.AF_INET, kind))
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind(("127.0.0.1", port))
            return Ports(iperf3=first + 2, load=first)
    raise Failure("there are no free ports")


class Servers:
    """On one address. The load server stays; an iperf3 server is started for each measurement, since
    one whose client was killed would take no other."""

    def __init__(self, address, ports, way=()):
        self.address = address
        self.ports = ports
        self.way = list(way)

    @contextlib.contextmanager
    def iperf3(self):
        port = str(self.ports.iperf3)
        with running([*self.way, "iperf3", "-s", "-1", "-B", self.address, "-p", port],
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            listening = [*self.way, "ss", "-Hltn", f"sport = :{port}"]
            await_true(lambda: run(listening), 5, "iperf3 does not listen")
            yield

    @contextlib.contextmanager
    def load(self):
        with running([*self.way, LOAD, "srv", self.address, self.ports.load],
                     stdout=subprocess.PIPE, text=True) as server:
            first_line(server, "the load server", 60)
            yield self


def first_line(process, what, seconds):
    """The first line that a process says, or a failure."""
    with selectors.DefaultSelector() as poll:
        poll.register(process.stdout, selectors.EVENT_READ)
        ready = poll.select(seconds)
    line = process.stdout.readline() if ready else ""
    if not line:
        raise Failure(f"{what} does not start")
    return line
