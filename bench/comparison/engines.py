"""How each network is started, so that all give their guests the same.

Each has the guest's address on a TAP device, the host's 127.0.0.1 at its gateway, and no more frills
than it cannot do without. Of those that are not installed, nothing is said.
"""

import functools
import os
import shutil
import subprocess
from typing import Callable, NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
SLIPWAY = f"{ROOT}/cli/bin/slipway"
DEVICE = "tap0"
GUEST = "10.0.2.100"
GATEWAY = "10.0.2.2"


class Wish(NamedTuple):
    """What an engine is started for."""
    pid: int              # of a process in the guest's namespaces
    way: list             # words that bring a command into them
    mtu: int
    ports: "Ports"
    lossy: bool           # the device stands before a relay: no offloads, no addresses
    scratch: Callable     # makes a directory to put sockets into


class Ports(NamedTuple):
    """What the guest connects to, on the host's loopback."""
    iperf3: int
    load: int             # and, for TCP, the next

    def tcp(self):
        return self.iperf3, self.load, self.load + 1


class Plan(NamedTuple):
    """How an engine is started."""
    commands: list        # each goes on until it is stopped
    before: list = []     # commands that are run in the guest first
    gateway: str = GATEWAY


def slipway(wish):
    lossy = ["--no-configure", "--offload", "off"] if wish.lossy else []
    return Plan([[SLIPWAY, "attach", "--host-loopback", "--interface", DEVICE,
                  "--mtu", wish.mtu, *lossy, "--pid", wish.pid]])


def slirp4netns(wish):
    configure = [] if wish.lossy else ["-c"]
    return Plan([["slirp4netns", *configure, f"--mtu={wish.mtu}", wish.pid, DEVICE]])


@functools.cache
def pasta_maps_loopback():
    """Whether this pasta wants to be told that the gateway is the host's loopback."""
    answer = subprocess.run(["pasta", "--help"], capture_output=True, text=True, timeout=10)
    return "--map-host-loopback" in answer.stdout + answer.stderr


def pasta(wish):
    configure = [] if wish.lossy else ["--config-net"]
    maps = ["--map-host-loopback", GATEWAY] if pasta_maps_loopback() else []
    return Plan([["pasta", "-f", "-q", *configure, *maps, "--runas", "0", "-4", "-m", wish.mtu,
                  "-a", GUEST, "-n", "24", "-g", GATEWAY, "--ns-ifname", DEVICE,
                  "-t", "none", "-u", "none", "-T", "none", "-U", "none", wish.pid]])


def made_device(mtu, address, gateway):
    """The device that engines want to find which do not make it."""
    return [line.split() for line in (
        f"ip tuntap add mode tap name {DEVICE}",
        f"ip link set {DEVICE} mtu {mtu} up",
        f"ip addr add {address}/24 dev {DEVICE}",
        f"ip route add default via {gateway}")]


def slirpnetstack(wish):
    forwards = [word for port in wish.ports.tcp() for word in ("-R", port)]
    return Plan([["nsenter", "-t", wish.pid, "-U", "--preserve-credentials", "--", "slirpnetstack",
                  f"-netns=/proc/{wish.pid}/ns/net", f"-interface={DEVICE}", "-quiet",
                  *forwards, "-R", f"udp://{wish.ports.load}"]],
                before=made_device(wish.mtu, GUEST, GATEWAY))


def gvproxy(wish):
    scratch = wish.scratch()
    line, services = f"unix://{scratch}/line", f"unix://{scratch}/services"
    # The helper's -mtu is the size of its frame buffer: the guest's MTU would truncate.
    return Plan([["gvproxy", "-listen", line, "-services", services, "-mtu", wish.mtu,
                  "-ssh-port", "-1"],
                 [*wish.way, "gvforwarder", "-url", line, "-iface", DEVICE, "-preexisting",
                  "-stop-if-exist", "", "-mtu", "65535"]],
                before=[*made_device(wish.mtu, "192.168.127.2", "192.168.127.1"),
                        ["ip", "link", "set", DEVICE, "address", "5a:94:ef:e4:0c:ee"]],
                gateway="192.168.127.254")


# The program that has to be on the PATH, and what starts it.
ENGINES = {
    "slipway": ((), slipway),
    "slirp4netns": (("slirp4netns",), slirp4netns),
    "pasta": (("pasta",), pasta),
    "slirpnetstack": (("slirpnetstack",), slirpnetstack),
    "gvproxy": (("gvproxy", "gvforwarder"), gvproxy),
}

# What the machine can do without any engine: the guest beside its servers, and next door.
LIMITS = "veth", "loopback"

# Those that make their device themselves and leave its addresses to others.
BEFORE_RELAY = "slipway", "slirp4netns", "pasta", "veth"


def missing(name):
    """The programs that this one needs and that are not installed."""
    return [program for program in ENGINES.get(name, ((), None))[0] if not shutil.which(program)]


def plan(name, wish):
    return ENGINES[name][1](wish)
