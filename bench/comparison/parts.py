"""The measurements. Each is a function of a guest that returns numbers by name."""

import contextlib
import json
import random
import subprocess
import time
from typing import Callable, NamedTuple

from . import machine
from .engines import BEFORE_RELAY, LIMITS
from .guest import LOSSY_MTU, lossy_guest, open_guest
from .processes import Failure, run, running
from .servers import first_line

DIRECTIONS = "out", "in"
PARALLEL = 1, 32
WARM_SECONDS = 1
LOSS_PERCENT = 1
FLOWS = 10_000

PARTS = {
    "tcp": "TCP throughput, fairness and processor time",
    "rr": "request and response, alone and beside a bulk transfer",
    "crr": "connect, request, response, close",
    "udp": "datagrams without loss; request and response",
    "loss": f"TCP throughput with {LOSS_PERCENT} % of the packets lost",
    "rss": "memory; what idle flows cost",
    "ready": "time from the start to the first byte",
}

# What another congestion control could change.
CONGESTED = "tcp", "loss"


class Measurement(NamedTuple):
    """One of the things that are done with every guest in turn."""
    name: str
    measure: Callable


def transfer(guest, direction, streams, seconds):
    """One run of iperf3: the speed at the receiver, how it was shared, what it took."""
    pids = guest.pids()
    with guest.servers.iperf3():
        engine, busy = machine.processor_seconds(pids), machine.busy_seconds()
        said = run(guest.bulk(direction, streams, seconds), seconds + 15)
        engine = machine.processor_seconds(pids) - engine
        busy = machine.busy_seconds() - busy
    end = summary(said)
    gigabytes = end["sum_received"]["bytes"] / 1e9
    shares = [stream["receiver"]["bytes"] for stream in end["streams"]]
    return {
        "gbit_per_s": end["sum_received"]["bits_per_second"] / 1e9,
        "engine_cpu_s_per_gb": engine / gigabytes,
        "machine_cpu_s_per_gb": busy / gigabytes,
        "retransmits": end["sum_sent"].get("retransmits", 0),
        "jain": jain(shares),
        "slowest_share": min(shares) * len(shares) / sum(shares),
    }


def summary(said):
    """What iperf3 reports when it has ended as it should."""
    try:
        end = json.loads(said)["end"]
        if end["sum_received"]["bytes"] == 0:
            raise Failure("iperf3: not a byte came")
        return end
    except (ValueError, KeyError):
        raise Failure("iperf3 ends without a report") from None


def jain(shares):
    """Jain's index of fairness: 1 when all have the same, 1/n when one has everything."""
    return sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))


def warm_up(guest, parts):
    """Traffic that nobody counts: each way, and connections. Some engines are compiled only when they
    have run for a while; what is compared is how they go on."""
    if {"tcp", "rr", "loss"} & set(parts):
        for direction in DIRECTIONS:
            with contextlib.suppress(Failure):
                transfer(guest, direction, 1, WARM_SECONDS)
    if {"crr", "udp"} & set(parts):
        with contextlib.suppress(Failure):
            guest.load("crr", f"parallel={PARALLEL[-1]}", f"seconds={2 * WARM_SECONDS}", "warm=0")


def rr(guest, seconds):
    return guest.load("rr", f"seconds={seconds}", f"warm={WARM_SECONDS}")


def rr_beside_bulk(guest, direction, seconds):
    """Beside one stream of bulk in the direction in which the request, or the response, goes."""
    with guest.servers.iperf3(), running(
            guest.bulk(direction, 1, seconds + WARM_SECONDS + 1), stdout=subprocess.PIPE,
            text=True) as bulk:
        time.sleep(0.5)
        found = rr(guest, seconds)
        try:
            said = bulk.communicate(timeout=20)[0]
        except subprocess.TimeoutExpired:
            raise Failure("the bulk transfer does not end") from None
    return found | {"bulk_gbit_per_s": summary(said)["sum_received"]["bits_per_second"] / 1e9}


def crr(guest, parallel, seconds):
    pids = guest.pids()
    engine = machine.processor_seconds(pids)
    found = guest.load("crr", f"parallel={parallel}", f"seconds={seconds}", f"warm={WARM_SECONDS}")
    return found | {"engine_cpu_s": machine.processor_seconds(pids) - engine}


def udprr(guest, seconds):
    return guest.load("udprr", f"seconds={seconds}", f"warm={WARM_SECONDS}")


def udpsearch(guest, direction, size=1400):
    way = "up" if direction == "out" else "down"
    return guest.load("udpsearch", way, f"size={size}", timeout=120)


def settled_memory(guest):
    """Once it does not grow any more by itself: a second after the last traffic."""
    time.sleep(1)
    return machine.resident_mebibytes(guest.pids())


def flow_memory(name, servers, mtu):
    """What a fresh engine's memory grows by when its guest holds idle connections."""
    with open_guest(name, servers, mtu, None) as guest:
        before = settled_memory(guest)
        with running(guest.client("idle", f"count={FLOWS}", "seconds=120"), stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE, text=True) as holder:
            count = json.loads(first_line(holder, "the load tool", 90))["open"]
            if count < FLOWS:
                raise Failure(f"{name} carries no more than {count} flows")
            after = settled_memory(guest)
            guest.check()
    return {"idle_mib": before, "with_flows_mib": after, "flows_mib": after - before}


def measurements(chosen, parts, mtu):
    """What is done at this MTU. Things that no MTU changes are done at one of them only."""
    seconds, found = chosen.seconds, []

    def add(name, measure, *arguments):
        found.append(Measurement(name, lambda guest: measure(guest, *arguments, seconds)))

    if "tcp" in parts:
        for streams in chosen.streams:
            for direction in DIRECTIONS:
                add(f"tcp {direction} {streams}", transfer, direction, streams)
    if "rr" in parts:
        for direction in DIRECTIONS:
            add(f"rr beside {direction}", rr_beside_bulk, direction)
    if mtu != chosen.mtu[-1]:
        return found
    if "rr" in parts:
        add("rr", rr)
    if "udp" in parts:
        add("udprr", udprr)
        for direction in DIRECTIONS:
            found.append(Measurement(
                f"udp {direction}", lambda guest, way=direction: udpsearch(guest, way)))
    if "crr" in parts:
        for parallel in PARALLEL:
            add(f"crr {parallel}", crr, parallel)
    return found


class Round:
    """One repetition, of all engines, with one congestion control."""

    def __init__(self, chosen, parts, servers, congestion, repetition, record, complain):
        self.chosen = chosen
        self.parts = parts
        self.servers = servers
        self.congestion = congestion    # None: the machine's
        self.repetition = repetition
        self.record = record            # with mtu, engine, measurement, numbers
        self.complain = complain        # with mtu, engine, measurement, failure

    def run(self):
        for mtu in self.chosen.mtu:
            self.at(mtu)
        if "rss" in self.parts:
            for name in self.chosen.engines:
                if name not in LIMITS:
                    with self.attempt(self.chosen.mtu[0], name, "idle flows"):
                        mtu = self.chosen.mtu[0]
                        self.record(mtu, name, "idle flows",
                                    flow_memory(name, self.servers, mtu))
        if "loss" in self.parts:
            for name in self.chosen.engines:
                if name in BEFORE_RELAY:
                    with self.attempt(LOSSY_MTU, name, "relay"):
                        self.with_loss(name)

    @contextlib.contextmanager
    def attempt(self, mtu, name, what):
        """A failure of what is done here is written down, and the round goes on."""
        try:
            yield
        except Failure as failure:
            self.complain(mtu, name, what, failure)

    def at(self, mtu):
        """All guests stand at once, and each measurement goes round them: what are compared are then
        seconds that follow each other. An engine that has nothing to do takes nothing."""
        wanted = measurements(self.chosen, self.parts, mtu)
        if not wanted and not {"ready", "rss"} & set(self.parts):
            return
        with contextlib.ExitStack() as stack:
            guests = []
            for name in self.chosen.engines:
                with self.attempt(mtu, name, "start"):
                    guests.append(stack.enter_context(
                        open_guest(name, self.servers, mtu, self.congestion)))
            for guest in guests:
                self.begin(guest, mtu)
            for measurement in wanted:
                # Nobody follows the same one always, or is always the first.
                order = random.Random(f"{self.repetition} {mtu} {measurement.name}")
                order.shuffle(guests)
                for guest in guests:
                    with self.attempt(mtu, guest.name, measurement.name):
                        guest.check()
                        self.record(mtu, guest.name, measurement.name, measurement.measure(guest))
            for guest in guests:
                if guest.engine and "rss" in self.parts and wanted:
                    self.record(mtu, guest.name, "memory after", {
                        "rss_mib": machine.resident_mebibytes(guest.pids())})

    def begin(self, guest, mtu):
        if guest.ready_ms and "ready" in self.parts:
            self.record(mtu, guest.name, "ready", {"ready_ms": guest.ready_ms})
        if guest.engine and "rss" in self.parts:
            self.record(mtu, guest.name, "memory idle", {"rss_mib": settled_memory(guest)})
        if guest.engine:
            warm_up(guest, self.parts)

    def with_loss(self, name):
        mtu, seed = LOSSY_MTU, self.repetition
        with lossy_guest(name, self.servers, self.congestion, LOSS_PERCENT, seed) as guest:
            warm_up(guest, ["loss"])
            for direction in DIRECTIONS:
                with self.attempt(mtu, name, f"loss {direction}"):
                    self.record(mtu, name, f"loss {direction}",
                                transfer(guest, direction, 1, self.chosen.seconds))
            relayed = guest.relayed()
            self.record(mtu, name, "relay", {
                "frames": sum(relayed["came"]), "overflow": sum(relayed["dropped"])})
