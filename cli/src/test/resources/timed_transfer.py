#!/usr/bin/python3
"""timed_transfer.py serve ADDR | in|out ADDR PORT BYTES SECONDS: one stream, checked to its last byte.

The sender goes on until BYTES were sent or SECONDS have passed, and ends with the SHA-256 of what it
sent. The client prints the bytes that arrived and the seconds from its connect() to the end.
"""

import hashlib
import random
import socket
import sys
import time

BLOCK = random.Random(7).randbytes(1_000_003)
LATEST = 120  # seconds without a byte


def send(stream, most, seconds):
    digest, sent, end = hashlib.sha256(), 0, time.monotonic() + seconds
    while sent < most and time.monotonic() < end:
        at = sent % len(BLOCK)
        piece = BLOCK[at:min(at + 65536, at + most - sent)]
        stream.sendall(piece)
        digest.update(piece)
        sent += len(piece)
    stream.sendall(digest.digest())
    stream.shutdown(socket.SHUT_WR)


def receive(stream):
    digest, tail, count = hashlib.sha256(), b"", 0
    while True:
        block = stream.recv(262144)
        if not block:
            break
        tail += block
        digest.update(tail[:-32])
        count += max(0, len(tail) - 32)
        tail = tail[-32:]
    if digest.digest() != tail:
        sys.exit("what arrived is not what was sent, after %d bytes" % count)
    return count


def serve(address):
    listener = socket.create_server((address, 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        stream, _ = listener.accept()
        with stream:
            stream.settimeout(LATEST)
            way, most, seconds = stream.recv(100).decode().split()
            if way == "in":
                send(stream, int(most), float(seconds))
                stream.recv(1)
            else:
                stream.sendall(b"!")
                stream.sendall(str(receive(stream)).encode())


def main():
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    way, address, port, most, seconds = sys.argv[1:]
    start = time.monotonic()
    with socket.create_connection((address, int(port)), timeout=LATEST) as stream:
        stream.sendall(f"{way} {most} {seconds}".encode())
        if way == "in":
            count = receive(stream)
        else:
            stream.recv(1)
            send(stream, int(most), float(seconds))
            count = int(stream.recv(100))
    print(count, time.monotonic() - start)


if __name__ == "__main__":
    main()
