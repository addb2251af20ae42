"""How many bytes a second arrive of datagrams that are sent as QUIC sends them.

The sender hands its kernel 46 datagrams of 1400 bytes in one call (UDP_SEGMENT) and does not wait;
the receiver reads what its kernel has joined (UDP_GRO). Called as

    serve                    on 127.0.0.1: prints its port, then does what clients ask
    out|in ADDRESS PORT SECONDS   prints the bytes a second that arrived there, or here
"""

import socket
import struct
import sys
import time

SOL_UDP, UDP_SEGMENT, UDP_GRO = 17, 103, 104
SIZE = 1400
BURST = bytes(i * 7 + (i >> 8) & 255 for i in range(46 * SIZE))


def open_socket():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.setsockopt(SOL_UDP, UDP_GRO, 1)
    return s


def send(s, peer, seconds):
    cut = [(SOL_UDP, UDP_SEGMENT, struct.pack('H', SIZE))]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            s.sendmsg([BURST], cut, 0, peer)
        except BlockingIOError:
            pass
        except OSError as e:
            if e.errno != 105:  # ENOBUFS: a full queue loses them
                raise


def take(s, seconds):
    """Bytes a second, from the first datagram on; whatever else arrives is left out."""
    into = bytearray(1 << 16)
    total = 0
    s.settimeout(5)
    start = None
    while start is None or time.monotonic() < start + seconds:
        try:
            n = s.recv_into(into)
        except TimeoutError:
            break
        if start is None:
            start = time.monotonic()
            s.settimeout(seconds)
        if n % SIZE == 0:
            total += n
    return total / seconds


def serve():
    s = open_socket()
    s.bind(('127.0.0.1', 0))
    print(s.getsockname()[1], flush=True)
    rate = 0.0
    while True:
        s.settimeout(None)
        data, peer = s.recvfrom(1 << 16)
        word, _, seconds = data[:20].partition(b' ')
        if word == b'send':
            send(s, peer, float(seconds))
        elif word == b'take':
            rate = take(s, float(seconds))
        elif word == b'rate':
            s.sendto(b'%.0f' % rate, peer)


def main():
    way, seconds = sys.argv[1], float(sys.argv[4])
    peer = sys.argv[2], int(sys.argv[3])
    s = open_socket()
    if way == 'in':
        s.sendto(b'send %f' % (seconds + 0.1), peer)
        print('%.0f' % take(s, seconds))
        return
    s.sendto(b'take %f' % seconds, peer)
    send(s, peer, seconds + 0.1)
    s.settimeout(0.5)
    for _ in range(20):
        s.sendto(b'rate', peer)
        try:
            print(s.recv(100).decode())
            return
        except TimeoutError:
            pass
    sys.exit('no answer')


if sys.argv[1] == 'serve':
    serve()
else:
    main()
