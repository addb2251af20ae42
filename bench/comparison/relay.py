#!/usr/bin/python3
"""relay.py A B [loss=%] [delay=ms] [jitter=ms] [seed=N]: carries frames between two interfaces.

Each way loses frames at random and delays each by delay +- jitter, so that one may overtake another.
Which frames are lost, and how late each is, depends on the seed and on a frame's number in its
direction, on nothing else. To be run in the interfaces' network namespace, by the host's root; says
"ready" first, ends on SIGTERM and says then how many frames came, and how many the kernel dropped
because they were not fetched in time.
"""

import heapq
import json
import random
import select
import signal
import socket
import struct
import sys
import time

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_STATISTICS = 6
PACKET_IGNORE_OUTGOING = 23
SO_RCVBUFFORCE = 33
BATCH = 64
MOST_UNDER_WAY = 4000  # frames each way, a long queue of a router


def opened(device):
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    port.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    port.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    port.bind((device, ETH_P_ALL))
    port.setblocking(False)
    return port


class Way:
    """Frames from one interface to the other."""

    def __init__(self, source, sink, seed, options):
        self.source, self.sink = source, sink
        self.chance = random.Random(seed).random
        self.swing = random.Random(f"{seed} late").uniform
        self.loss = options.get("loss", 0) / 100
        self.delay = options.get("delay", 0) / 1000
        self.jitter = options.get("jitter", 0) / 1000
        self.late = []  # (when, number, frame)
        self.came = 0

    def take(self, now):
        """Until there is no more, or others shall have their turn."""
        receive, chance, loss = self.source.recv, self.chance, self.loss
        for _ in range(BATCH):
            try:
                frame = receive(65535)
            except BlockingIOError:
                return
            self.came += 1
            if chance() >= loss:
                if self.delay:
                    self.hold(now, frame)
                else:
                    self.send(frame)

    def hold(self, now, frame):
        due = now + self.delay + self.jitter * self.swing(-1, 1)
        if len(self.late) < MOST_UNDER_WAY:
            heapq.heappush(self.late, (due, self.came, frame))

    def give(self, now):
        while self.late and self.late[0][0] <= now:
            self.send(heapq.heappop(self.late)[2])

    def send(self, frame):
        try:
            self.sink.send(frame)
        except OSError:  # the device's queue is full, or it is down: lost like the others
            pass

    def dropped(self):
        return struct.unpack("II", self.source.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]


def main():
    options = {key: float(value) for key, value in (a.split("=") for a in sys.argv[3:])}
    seed = int(options.get("seed", 1))
    a, b = (opened(device) for device in sys.argv[1:3])
    ways = {a: Way(a, b, f"{seed} 0", options), b: Way(b, a, f"{seed} 1", options)}

    def end(*_):
        print(json.dumps({"came": [way.came for way in ways.values()],
                          "dropped": [way.dropped() for way in ways.values()]}), flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    print("ready", flush=True)
    while True:
        due = min((way.late[0][0] for way in ways.values() if way.late), default=None)
        wait = None if due is None else max(0, due - time.monotonic())
        ready = select.select(list(ways), [], [], wait)[0]
        now = time.monotonic()
        for port in ready:
            ways[port].take(now)
        for way in ways.values():
            way.give(now)


if __name__ == "__main__":
    main()
