"""One guest: a network namespace, what gives it its network, and the servers that it reaches."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time

from . import engines, machine, relay
from .engines import DEVICE, GATEWAY, GUEST
from .processes import Failure, await_true, namespace, run, running
from .servers import LOAD, Servers, first_line

START_SECONDS = 30
LOSSY_MTU = 1500


class Guest:
    """Runs clients where the guest's programs run."""

    def __init__(self, name, address, servers, way=()):
        self.name = name
        self.address = address    # where the guest finds the servers
        self.servers = servers
        self.way = list(way)
        self.engine = []          # its processes
        self.ready_ms = None      # from the engine's start to the first byte that was answered
        self.relay = None

    def pids(self):
        return machine.descendants([process.pid for process in self.engine])

    def check(self):
        """Fails when the engine has ended."""
        for process in self.engine:
            if process.poll() is not None:
                raise Failure(f"{self.name} has ended with status {process.returncode}")

    def relayed(self):
        """Ends the relay; how many frames it had, each way, and how many the kernel kept from it."""
        self.relay.terminate()
        try:
            return json.loads(self.relay.communicate(timeout=5)[0])
        except (subprocess.TimeoutExpired, ValueError):
            raise Failure("the relay has ended before") from None

    def client(self, kind, *options):
        """A client of the load tool, as a command."""
        return [*self.way, LOAD, kind, self.address, self.servers.ports.load, *options]

    def load(self, kind, *options, timeout=30):
        """What a client of the load tool found out."""
        return json.loads(run(self.client(kind, *options), timeout).splitlines()[-1])

    def bulk(self, direction, streams, seconds):
        """iperf3's client, as a command."""
        reverse = ["-R"] if direction == "in" else []
        return [*self.way, "iperf3", "-J", "-c", self.address, "-p", self.servers.ports.iperf3,
                "-t", seconds, "-P", streams, *reverse]


def configured(network, congestion, device, mtu):
    """What every guest's kernel is told. Without TIME_WAIT, a guest whose peer has no timestamps does
    not run out of ports after some thousand connections, and measure its own search for one."""
    network.run("ip link set lo up", "sysctl -qw net.ipv4.tcp_max_tw_buckets=0")
    run([*network.way, "sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65000"])
    if congestion:
        network.run(f"sysctl -qw net.ipv4.tcp_congestion_control={congestion}")
    if device:
        network.run(f"ip addr add {GUEST}/24 dev {device}",
                    f"ip link set {device} mtu {mtu} up",
                    f"ip route add default via {GATEWAY}")


@contextlib.contextmanager
def beside(servers):
    """No network at all: the loopback that the servers are on."""
    yield Guest("loopback", servers.address, servers)


@contextlib.contextmanager
def by_cable(servers, mtu, congestion):
    """A veth, and at its other end the kernel."""
    with namespace() as inside, kernel_host(inside, "eth0", mtu, congestion, servers) as host:
        configured(inside, congestion, "eth0", mtu)
        yield Guest("veth", GATEWAY, host, inside.way)


@contextlib.contextmanager
def kernel_host(inside, device, mtu, congestion, servers, offload=True):
    """A host with the gateway's address at the other end of a new veth; its servers."""
    with namespace("-n") as outside:
        run(["ip", "link", "add", device, "mtu", mtu, "netns", inside.pid, "type", "veth",
             "peer", "name", "eth0", "mtu", mtu, "netns", outside.pid])
        configured(outside, congestion, None, mtu)
        outside.run(f"ip addr add {GATEWAY}/24 dev eth0", "ip link set eth0 up")
        if not offload:
            plain(outside, "eth0")
        far = Servers(GATEWAY, servers.ports, outside.way)
        with far.load():
            yield far


@contextlib.contextmanager
def by_engine(name, servers, mtu, congestion):
    """An engine's TAP device."""
    with contextlib.ExitStack() as stack:
        inside = stack.enter_context(namespace())
        configured(inside, congestion, None, mtu)
        plan = engines.plan(name, engines.Wish(
            inside.pid, inside.way, mtu, servers.ports, False, lambda: scratch(stack)))
        for command in plan.before:
            run([*inside.way, *command])
        guest = Guest(name, plan.gateway, servers, inside.way)
        probe = stack.enter_context(running(
            guest.client("ready", f"seconds={START_SECONDS}"), stdout=subprocess.PIPE, text=True))
        first_line(probe, "the load tool", 10)
        time.sleep(0.3)  # its JVM has settled
        begin = time.monotonic_ns()
        log = start(stack, guest, plan)
        guest.ready_ms = (answered(guest, probe, log) - begin) / 1e6
        yield guest


def scratch(stack):
    return stack.enter_context(tempfile.TemporaryDirectory(prefix="peers-"))


def start(stack, guest, plan):
    """Starts the engine; returns the file that it says things into."""
    log = stack.enter_context(tempfile.TemporaryFile("w+"))
    for command in plan.commands:
        guest.engine.append(stack.enter_context(running(command, stdout=log, stderr=log)))
    return log


def answered(guest, probe, log=None):
    """When the first byte came, on the monotonic clock."""
    def ended():
        return any(process.poll() is not None for process in [probe, *guest.engine])
    await_true(ended, START_SECONDS + 15, f"{guest.name}: the load tool does not end")
    if probe.poll() != 0:
        said = ""
        if log:
            log.seek(0)
            said = " ".join(log.read().splitlines()[-3:])
        raise Failure(f"{guest.name} gives its guest no network: {said or 'and says nothing'}")
    return json.loads(probe.stdout.read().splitlines()[-1])["at_ns"]


@contextlib.contextmanager
def open_guest(name, servers, mtu, congestion):
    """The guest of an engine, or of one of the limits."""
    made = (beside(servers) if name == "loopback"
            else by_cable(servers, mtu, congestion) if name == "veth"
            else by_engine(name, servers, mtu, congestion))
    with made as guest:
        yield guest


@contextlib.contextmanager
def lossy_guest(name, servers, congestion, loss, seed):
    """A guest behind a relay that loses frames:

        guest  eth0 ===== line  gate  tap0 ===== engine
                            \\__relay__/

    Nothing on the way joins or cuts segments, so that every loss is one packet of 1500 bytes."""
    mtu = LOSSY_MTU
    with contextlib.ExitStack() as stack:
        inside = stack.enter_context(namespace())
        gate = stack.enter_context(namespace())
        run(["ip", "link", "add", "eth0", "netns", inside.pid, "type", "veth",
             "peer", "name", "line", "netns", gate.pid])
        gate.run("sysctl -qwe net.ipv6.conf.all.disable_ipv6=1", "ip link set line up")
        configured(inside, congestion, "eth0", mtu)
        plain(inside, "eth0")
        plain(gate, "line")
        guest = Guest(name, GATEWAY, servers, inside.way)
        log = None
        if name == "veth":
            guest.servers = stack.enter_context(
                kernel_host(gate, DEVICE, mtu, congestion, servers, offload=False))
        else:
            log = start(stack, guest, engines.plan(name, engines.Wish(
                gate.pid, gate.way, mtu, servers.ports, True, lambda: scratch(stack))))
            await_true(lambda: has_device(gate), START_SECONDS, f"{name} makes no {DEVICE}")
        gate.run(f"ip link set {DEVICE} up")
        plain(gate, DEVICE)
        guest.relay = stack.enter_context(running(
            [*gate.way, sys.executable, relay.__file__, "line", DEVICE, f"loss={loss}", f"seed={seed}"],
            stdout=subprocess.PIPE, text=True))
        first_line(guest.relay, "the relay", 10)
        probe = stack.enter_context(running(
            guest.client("ready", f"seconds={START_SECONDS}"), stdout=subprocess.PIPE, text=True))
        answered(guest, probe, log)
        yield guest


def plain(network, device):
    """No segmentation by the device, and no checksums left to it; one of these may be fixed."""
    for feature in "tx", "tso", "gso", "gro":
        with contextlib.suppress(Failure):
            network.run(f"ethtool -K {device} {feature} off")


def has_device(network):
    with contextlib.suppress(Failure):
        network.run(f"ip link show {DEVICE}")
        return True
    return False
