#!/usr/bin/python3
"""mixed_traffic.py serve ADDR | run ADDR SECONDS TCP UDP CLOSED: everything at once, all of it checked.

The server prints its ports: one for streams, one for datagrams, and one where nobody listens. The
client does what is in WORK, several of each kind at a time, and prints how often each was done; it
ends with a message as soon as an octet is wrong or something else happens than has to. The line
between the two may lose packets: so a datagram may be lost, and whoever waits for a reset that was
lost has to say something to get the next.
"""

import collections
import errno
import hashlib
import os
import random
import socket
import struct
import sys
import threading
import time

BLOCK = random.Random(7).randbytes(1_000_003)
BULK = 2_000_000  # octets at most
LATEST = 60  # seconds without an octet
IMPATIENCE = 0.5  # seconds
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: what close() sends is a reset
COMMAND = 32  # octets


def pieces(start, count):
    """The octets [start, start + count) of an endless stream."""
    while count > 0:
        at = start % len(BLOCK)
        piece = BLOCK[at:min(at + 65536, at + count)]
        yield piece
        start += len(piece)
        count -= len(piece)


def content(start, count):
    return b"".join(pieces(start, count))


def digest(start, count):
    return hashlib.sha256(content(start, count)).digest()


def send(stream, start, count):
    for piece in pieces(start, count):
        stream.sendall(piece)


def exactly(stream, count):
    parts = []
    while count > 0:
        part = stream.recv(min(count, 262144))
        if not part:
            raise EOFError(f"the stream ended {count} octets early")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def to_the_end(stream):
    parts = []
    while part := stream.recv(262144):
        parts.append(part)
    return b"".join(parts)


def demand(condition, what):
    if not condition:
        raise AssertionError(what)


def reset(stream):
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    stream.close()


# ---- the server: a connection begins with a command, a number and where the octets begin


def take(stream, count, _):
    stream.sendall(hashlib.sha256(exactly(stream, count)).digest())


def give(stream, count, start):
    send(stream, start, count)


def echo(stream, *_):
    while part := stream.recv(65536):
        stream.sendall(part)


def answer_an_end(stream, count, start):
    """What comes first is all that the client says; then as much goes back."""
    stream.sendall(hashlib.sha256(to_the_end(stream)).digest())
    send(stream, start, count)


def end_first(stream, count, start):
    send(stream, start, count)
    stream.shutdown(socket.SHUT_WR)
    said = to_the_end(stream)
    demand(said == digest(start, count), "a client understood something else")


def break_off(stream, count, start):
    send(stream, start, count)
    reset(stream)


COMMANDS = {command.__name__: command
            for command in (take, give, echo, answer_an_end, end_first, break_off)}
MAY_BE_RESET = "give", "echo"


def serve_one(stream):
    with stream:
        stream.settimeout(LATEST)
        name, count, start = exactly(stream, COMMAND).decode().split()
        try:
            COMMANDS[name](stream, int(count), int(start))
        except (ConnectionResetError, BrokenPipeError):
            if name not in MAY_BE_RESET:
                raise


def serve(address):
    listener = socket.create_server((address, 0), backlog=1024)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind((address, 0))
    closed = socket.socket()
    closed.bind((address, 0))
    print(*(port.getsockname()[1] for port in (listener, datagrams, closed)), flush=True)

    def return_datagrams():
        while True:
            data, sender = datagrams.recvfrom(65535)
            datagrams.sendto(data, sender)

    start(return_datagrams)
    while True:
        stream, _ = listener.accept()
        start(serve_one, stream)


# ---- the client


class Client:
    def __init__(self, address, tcp, udp, closed):
        self.address, self.tcp, self.udp, self.closed = address, tcp, udp, closed
        self.random = random.Random(3)
        self.lost = 0

    def size(self, most):
        return self.random.randrange(1, most), self.random.randrange(len(BLOCK))

    def connect(self, command, count=0, start=0):
        stream = socket.create_connection((self.address, self.tcp), timeout=LATEST)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.sendall(f"{command} {count} {start}".ljust(COMMAND).encode())
        return stream

    def upload(self):
        count, start = self.size(BULK)
        with self.connect("take", count) as stream:
            send(stream, start, count)
            demand(exactly(stream, 32) == digest(start, count), "an upload differs")

    def download(self):
        count, start = self.size(BULK)
        with self.connect("give", count, start) as stream:
            demand(to_the_end(stream) == content(start, count), "a download differs")

    def short_connection(self):
        count, start = self.size(2000)
        with self.connect("echo") as stream:
            send(stream, start, count)
            demand(exactly(stream, count) == content(start, count), "an echo differs")

    def requests(self):
        with self.connect("echo") as stream:
            for _ in range(20):
                self.one_request(stream)

    def one_request(self, stream):
        count, start = self.size(20_000)
        send(stream, start, count)
        demand(exactly(stream, count) == content(start, count), "an answer differs")

    def half_close(self):
        count, start = self.size(200_000)
        with self.connect("answer_an_end", count, start) as stream:
            send(stream, start, count)
            stream.shutdown(socket.SHUT_WR)
            wanted = digest(start, count) + content(start, count)
            demand(to_the_end(stream) == wanted, "what came after our end differs")

    def half_close_of_the_server(self):
        count, start = self.size(200_000)
        with self.connect("end_first", count, start) as stream:
            demand(to_the_end(stream) == content(start, count), "what came before the end differs")
            stream.sendall(digest(start, count))

    def reset(self):
        count, start = self.size(BULK)
        with self.connect("give", count, start) as stream:
            some = exactly(stream, count // 2)
            demand(some == content(start, len(some)), "what came before our reset differs")
            reset(stream)

    def reset_in_silence(self):
        with self.connect("echo") as stream:
            self.one_request(stream)
            reset(stream)

    def reset_of_the_server(self):
        count, start = self.size(200_000)
        with self.connect("break_off", count, start) as stream:
            stream.settimeout(IMPATIENCE)
            came = bytearray()
            try:
                while True:
                    try:
                        part = stream.recv(262144)
                        demand(part, "a reset has become an end")
                        came += part
                    except TimeoutError:
                        stream.sendall(b"?")
            except (ConnectionResetError, BrokenPipeError):
                demand(came == content(start, len(came)), "what came before the reset differs")

    def refusal(self):
        with socket.socket() as stream:
            stream.settimeout(LATEST)
            demand(stream.connect_ex((self.address, self.closed)) == errno.ECONNREFUSED,
                   "nobody refused")

    def datagrams(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
            port.connect((self.address, self.udp))
            port.settimeout(IMPATIENCE)
            for _ in range(20):
                data = os.urandom(16) + content(*self.size(1400)[::-1])
                port.send(data)
                try:
                    while (back := port.recv(65535))[:16] != data[:16]:
                        pass  # one that took longer than we waited
                    demand(back == data, "a datagram differs")
                except TimeoutError:
                    self.lost += 1

    # How many of each kind go on at once.
    WORK = {upload: 3, download: 3, short_connection: 4, requests: 2, half_close: 1,
            half_close_of_the_server: 1, reset: 1, reset_in_silence: 1, reset_of_the_server: 1,
            refusal: 1, datagrams: 2}

    def run(self, seconds):
        end, done = time.monotonic() + seconds, collections.Counter()

        def repeat(work):
            while time.monotonic() < end:
                work(self)
                done[work.__name__] += 1
                time.sleep(0.02)

        for worker in [start(repeat, work) for work, times in self.WORK.items()
                       for _ in range(times)]:
            worker.join()
        for name, times in done.items():
            print(name, times)
        print("lost", self.lost)


def start(function, *arguments):
    """A thread whose failure is this process's."""
    def guarded():
        try:
            function(*arguments)
        except BaseException as failure:
            print(f"{[function.__name__, *map(str, arguments)]}: {failure!r}", file=sys.stderr, flush=True)
            os._exit(1)

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    return thread


def main():
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    address, seconds, *ports = sys.argv[2:]
    Client(address, *map(int, ports)).run(float(seconds))


if __name__ == "__main__":
    main()
