#!/usr/bin/python3
"""impaired_link.py A B [loss=%] [delay=ms] [jitter=ms] [seed=N]: carries frames between two interfaces.

Each way loses frames at random and delays each by delay +- jitter, so that one may overtake another.
Which frames are lost and how late each is depends on the seed and the frame's number in its
direction. Runs in the interfaces' network namespace until it is killed; says "ready" first.
"""

import heapq
import random
import select
import socket
import sys
import time

ETH_P_ALL = 3
SOL_PACKET = 263
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
    def __init__(self, source, sink, seed, options):
        self.source, self.sink = source, sink
        self.random = random.Random(seed)
        self.loss = options.get("loss", 0) / 100
        self.delay = options.get("delay", 0) / 1000
        self.jitter = options.get("jitter", 0) / 1000
        self.late = []  # (when, number, frame)
        self.number = 0

    def take(self, now):
        for _ in range(BATCH):
            try:
                frame = self.source.recv(65535)
            except BlockingIOError:
                return
            lost = self.random.random() < self.loss
            delay = self.delay + self.jitter * self.random.uniform(-1, 1)
            self.number += 1
            if lost or len(self.late) >= MOST_UNDER_WAY:
                continue
            if delay <= 0:
                self.send(frame)
            else:
                heapq.heappush(self.late, (now + delay, self.number, frame))

    def give(self, now):
        while self.late and self.late[0][0] <= now:
            self.send(heapq.heappop(self.late)[2])

    def send(self, frame):
        try:
            self.sink.send(frame)
        except OSError:  # the device's queue is full, or it is down
            pass


def main():
    options = {key: float(value) for key, value in (a.split("=") for a in sys.argv[3:])}
    a, b = opened(sys.argv[1]), opened(sys.argv[2])
    seed = options.get("seed", 1)
    ways = {a: Way(a, b, f"{seed} there", options), b: Way(b, a, f"{seed} back", options)}
    print("ready", flush=True)
    while True:
        due = min((way.late[0][0] for way in ways.values() if way.late), default=None)
        wait = None if due is None else max(0, due - time.monotonic())
        ready = select.select([a, b], [], [], wait)[0]
        now = time.monotonic()
        for port in ready:
            ways[port].take(now)
        for way in ways.values():
            way.give(now)


if __name__ == "__main__":
    main()
