#!/usr/bin/python3
"""relay.py A B LOSS SEED: carries frames between two interfaces and loses LOSS percent of them.

Which frames are lost depends on the seed and on a frame's number in its direction, on nothing else.
To be run in the interfaces' network namespace, by the host's root; ends on SIGTERM and says then how
many frames came, and how many the kernel dropped because they were not fetched in time.
"""

import json
import random
import selectors
import signal
import socket
import struct
import sys

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_STATISTICS = 6
PACKET_IGNORE_OUTGOING = 23
SO_RCVBUFFORCE = 33
BATCH = 64


def opened(device):
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    port.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    port.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    port.bind((device, ETH_P_ALL))
    port.setblocking(False)
    return port


def carry(source, sink, chance, loss):
    """Until there is no more, or others shall have their turn; returns the frames that came."""
    receive, send = source.recv, sink.send
    for count in range(BATCH):
        try:
            frame = receive(65535)
        except BlockingIOError:
            return count
        if chance() >= loss:
            try:
                send(frame)
            except OSError:  # the device's queue is full, or it is down: lost like the others
                pass
    return BATCH


def main():
    loss = float(sys.argv[3]) / 100
    ports = [opened(device) for device in sys.argv[1:3]]
    came = [0, 0]

    def end(*_):
        dropped = [struct.unpack("II", port.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
                   for port in ports]
        print(json.dumps({"came": came, "dropped": dropped}), flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    poll = selectors.DefaultSelector()
    for way in 0, 1:
        chance = random.Random(f"{sys.argv[4]} {way}").random
        poll.register(ports[way], selectors.EVENT_READ, (way, ports[way], ports[1 - way], chance))
    print("ready", flush=True)
    while True:
        for key, _ in poll.select():
            way, source, sink, chance = key.data
            came[way] += carry(source, sink, chance, loss)


if __name__ == "__main__":
    main()
