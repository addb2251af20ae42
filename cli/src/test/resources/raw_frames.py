#!/usr/bin/env python3
"""A peer made of raw frames: says to an engine what no kernel would say, and judges the answers.

The peer is a machine of its own on the guest's link, 10.0.2.150, of which the guest's kernel knows
nothing: its frames go through an AF_PACKET socket, it answers ARP itself. The servers it talks to
are sockets of this process on the host's loopback, reached through the gateway's address. So one
thread sees both ends of every connection. After each case a plain connection must still work, and
every frame that comes is checked: checksums, lengths, the window's right edge. With --family 6 the
connections, and the cases that are about them, are over IPv6, from fd00::150.

  raw_frames.py [--offload auto]             starts an engine of its own
  raw_frames.py --netns /proc/PID/ns/net     an engine that runs with --host-loopback
  raw_frames.py --against kernel             the oracle: Linux over a veth pair

Runs as root. Exit status 0 when every case passed.
"""

import argparse
import ctypes
import errno
import fcntl
import fnmatch
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

GUEST, GATEWAY, OTHER = '10.0.2.150', '10.0.2.2', '10.0.2.77'
GUEST6, GATEWAY6 = 'fd00::150', 'fd00::2'
MAC = bytes.fromhex('02000a000296')
BROADCAST = b'\xff' * 6
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128
MSS = 1460
M32 = 0xFFFFFFFF


class Fail(Exception):
    """An expectation that was not met."""


# ---- frames -------------------------------------------------------------------------------------


def checksum(data):
    number = int.from_bytes(data + b'\0' * (len(data) & 1), 'big')
    return ~(number % 0xFFFF or (0xFFFF if number else 0)) & 0xFFFF


def ip4(payload, proto, src=GUEST, dst=GATEWAY, *, ttl=64, ident=None, frag=0, opts=b'',
        total=None, version=4, ihl=None, bad_sum=False, tos=0):
    """frag: the 16 bits of flags and offset."""
    opts += b'\0' * (-len(opts) % 4)
    length = 20 + len(opts)
    ihl = length // 4 if ihl is None else ihl
    total = length + len(payload) if total is None else total
    ident = random.randrange(65536) if ident is None else ident
    head = struct.pack('!BBHHHBBH4s4s', version << 4 | ihl, tos, total & 0xFFFF, ident, frag, ttl,
                       proto, 0, socket.inet_aton(src), socket.inet_aton(dst)) + opts
    total_sum = checksum(head) ^ (0x5555 if bad_sum else 0)
    return head[:10] + struct.pack('!H', total_sum) + head[12:] + payload


def ip6(payload, proto, src, dst, *, ttl=64, tos=0):
    head = struct.pack('!IHBB', 6 << 28 | tos << 20, len(payload), proto, ttl)
    return head + socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst) + payload


def neighbor(target_mac):
    """RFC 4861 4.4: the advertisement that GUEST6 is here."""
    body = (struct.pack('!BBHI', 136, 0, 0, 0x60000000) + socket.inet_pton(socket.AF_INET6, GUEST6)
            + b'\2\1' + MAC)
    s = checksum(pseudo(GUEST6, GATEWAY6, 58, len(body)) + body)
    return (target_mac + MAC + b'\x86\xdd'
            + ip6(body[:2] + struct.pack('!H', s) + body[4:], 58, GUEST6, GATEWAY6, ttl=255))


def pseudo(src, dst, proto, length):
    if ':' in src:
        return (socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst)
                + struct.pack('!II', length, proto))
    return socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack('!BBH', 0, proto, length)


def tcp4(sport, dport, seq, ack, flags, win=65535, data=b'', opts=b'', urg=0, off=None,
         bad_sum=False, src=GUEST, dst=GATEWAY, reserved=0):
    opts += b'\0' * (-len(opts) % 4)
    off = 5 + len(opts) // 4 if off is None else off
    head = struct.pack('!HHIIBBHHH', sport, dport, seq & M32, ack & M32, off << 4 | reserved, flags,
                       win, 0, urg) + opts
    s = checksum(pseudo(src, dst, 6, len(head) + len(data)) + head + data)
    s ^= 0x5555 if bad_sum else 0
    return head[:16] + struct.pack('!H', s) + head[18:] + data


def udp4(sport, dport, data, *, length=None, bad_sum=False, no_sum=False, src=GUEST, dst=GATEWAY):
    length = 8 + len(data) if length is None else length
    head = struct.pack('!HHHH', sport, dport, length, 0)
    s = checksum(pseudo(src, dst, 17, length) + head + data) or 0xFFFF
    s = 0 if no_sum else s ^ (0x5555 if bad_sum else 0)
    return head[:6] + struct.pack('!H', s) + data


def echo4(ident, number, data, *, kind=8, code=0, bad_sum=False):
    body = struct.pack('!BBHHH', kind, code, 0, ident, number) + data
    return body[:2] + struct.pack('!H', checksum(body) ^ (0x5555 if bad_sum else 0)) + body[4:]


def arp(op, sender_mac, sender, target_mac, target, hw=1, proto=0x800, hlen=6, plen=4):
    return (struct.pack('!HHBBH', hw, proto, hlen, plen, op) + sender_mac
            + socket.inet_aton(sender) + target_mac + socket.inet_aton(target))


def mss(n):
    return struct.pack('!BBH', 2, 4, n)


def wscale(n):
    return b'\1' + struct.pack('!BBB', 3, 3, n)


BLOCK = bytes((i * 7 + (i >> 8) * 13) & 0xFF for i in range(65536))


def pattern(n, start=0):
    """Bytes that tell where in the stream they belong."""
    return (BLOCK * ((start + n) // 65536 + 1))[start:start + n]


def before(a, b):
    return (a - b) & 0x80000000 != 0 and a != b


class Frame:
    """What came, taken apart as far as it goes; wrong holds what is bad about it."""

    def __init__(self, raw, at, sums_ready):
        self.raw, self.at, self.kind, self.wrong = raw, at, 'other', None
        self.to, self.by, self.type = raw[:6], raw[6:12], struct.unpack('!H', raw[12:14])[0]
        body = raw[14:]
        if self.type == 0x806:
            self.kind = 'arp'
            self.op, = struct.unpack('!H', body[6:8])
            self.sender_mac, self.sender = body[8:14], socket.inet_ntoa(body[14:18])
            self.target_mac, self.target = body[18:24], socket.inet_ntoa(body[24:28])
        elif self.type == 0x800:
            self.read_ip(body, sums_ready)
        elif self.type == 0x86DD:
            self.read_ip6(body, sums_ready)

    def read_ip6(self, body, sums_ready):
        length, self.proto = struct.unpack('!HB', body[4:7])
        self.src = socket.inet_ntop(socket.AF_INET6, body[8:24])
        self.dst = socket.inet_ntop(socket.AF_INET6, body[24:40])
        self.kind, self.frag, self.ident, self.payload = 'ip', 0, b'', body[40:40 + length]
        if length > len(body) - 40:
            self.wrong = 'IPv6 payload length beyond the frame'
        if self.proto == 58:
            self.kind, self.icmp, self.code, self.data = 'icmp6', body[40], body[41], body[44:40 + length]
        self.read_transport(self.payload, sums_ready)

    def read_ip(self, body, sums_ready):
        size, total = (body[0] & 15) * 4, struct.unpack('!H', body[2:4])[0]
        self.src, self.dst = socket.inet_ntoa(body[12:16]), socket.inet_ntoa(body[16:20])
        self.frag, self.ident = struct.unpack('!H', body[6:8])[0], body[4:6]
        self.kind, self.proto = 'ip', body[9]
        if checksum(body[:size]):
            self.wrong = 'bad IP checksum'
        if total > len(body):
            self.wrong = 'IP total length beyond the frame'
        self.payload = part = body[size:total]
        if self.frag & 0x3FFF:
            self.kind = 'fragment'
            return
        self.read_transport(part, sums_ready)

    def read_transport(self, part, sums_ready):
        if self.proto == 6 and len(part) >= 20:
            self.kind = 'tcp'
            (self.sport, self.dport, self.seq, self.ack, off, self.flags, self.win, _,
             self.urg) = struct.unpack('!HHIIBBHHH', part[:20])
            size = (off >> 4) * 4
            self.opts, self.data = options(part[20:size]), part[size:]
        elif self.proto == 17:
            self.kind = 'udp'
            self.sport, self.dport, length, s = struct.unpack('!HHHH', part[:8])
            self.data = part[8:]
            if length != len(part):
                self.wrong = 'UDP length %d in a packet of %d' % (length, len(part))
            if s == 0:
                return
        elif self.proto == 1:
            self.kind, self.icmp, self.code, self.data = 'icmp', part[0], part[1], part[4:]
            if checksum(part):
                self.wrong = 'bad ICMP checksum'
            return
        if sums_ready and checksum(pseudo(self.src, self.dst, self.proto, len(part)) + part):
            self.wrong = 'bad %s checksum' % self.kind

    def has(self, flags):
        return self.kind == 'tcp' and self.flags & flags == flags

    @property
    def end(self):
        extra = bool(self.flags & SYN) + bool(self.flags & FIN)
        return (self.seq + len(self.data) + extra) & M32


def options(data):
    found, i = {}, 0
    while i < len(data) and data[i] != 0:
        if data[i] == 1:
            i += 1
            continue
        if i + 1 >= len(data) or data[i + 1] < 2:
            found['malformed'] = data[i:]
            break
        found[data[i]] = data[i + 2:i + data[i + 1]]
        i += data[i + 1]
    return found


def flag_text(flags):
    return '.'.join(n for b, n in ((2, 'SYN'), (1, 'FIN'), (4, 'RST'), (8, 'PSH'), (16, 'ACK'),
                                   (32, 'URG'), (64, 'ECE'), (128, 'CWR')) if flags & b) or 'none'


def describe(raw):
    try:
        f = Frame(raw, 0, False)
    except (struct.error, IndexError, OSError):
        return 'a frame of %d bytes: %s' % (len(raw), raw[:40].hex())
    if f.kind == 'tcp':
        return '%s:%d > %s:%d %s seq %d ack %d win %d len %d %s' % (
            f.src, f.sport, f.dst, f.dport, flag_text(f.flags), f.seq, f.ack, f.win, len(f.data),
            {k: v if isinstance(v, str) else v.hex() for k, v in f.opts.items()} or '')
    if f.kind == 'udp':
        return '%s:%d > %s:%d UDP %d' % (f.src, f.sport, f.dst, f.dport, len(f.data))
    if f.kind == 'icmp':
        return '%s > %s ICMP %d/%d len %d' % (f.src, f.dst, f.icmp, f.code, len(f.data))
    if f.kind == 'arp':
        return 'ARP op %d %s asks %s' % (f.op, f.sender, f.target)
    if f.kind == 'fragment':
        return '%s > %s fragment %04x at %d len %d' % (f.src, f.dst, f.frag, (f.frag & 0x1FFF) * 8,
                                                       len(f.payload))
    return 'type %04x, %d bytes %s' % (f.type, len(raw), raw[14:40].hex())


# ---- the bench ----------------------------------------------------------------------------------


class Bench:
    """Both ends: the packet socket in the guest, plain sockets on the host."""

    def __init__(self, packet, gateway_mac, where, server_at, off, enter, ends=(GUEST, GATEWAY)):
        self.packet, self.mac, self.where, self.server_at = packet, gateway_mac, where, server_at
        self.off, self.enter, self.ends = off, enter, ends
        self.inbox, self.log, self.wrong, self.hosts, self.conns, self.listeners = [], [], [], [], [], []
        self.started = time.monotonic()
        self.next_port = random.randrange(20000, 30000)
        self.timing_out = None

    def now(self):
        return time.monotonic() - self.started

    def reset(self):
        for c in self.conns:
            c.forget()
        for h in self.hosts:
            h.close()
        for listener in self.listeners:
            listener.close()
        self.poll(0.01)
        self.inbox, self.log, self.wrong, self.hosts, self.conns, self.listeners = [], [], [], [], [], []
        self.timing_out = None

    # frames

    def frame(self, payload, kind=0x800, to=None, by=MAC):
        return (to or self.mac) + by + struct.pack('!H', kind) + payload

    def send(self, payload, kind=0x800, to=None, by=MAC):
        self.raw(self.frame(payload, kind, to, by))

    def raw(self, frame):
        self.log.append((self.now(), '>', frame))
        self.packet.send(frame)

    def ip(self, payload, proto, **fields):
        self.send(ip4(payload, proto, **fields))

    def poll(self, timeout):
        """Takes what came, and moves what hosts have to say. Waits at most so long for more."""
        for h in self.hosts:
            h.pump()
        if not select.select([self.packet], [], [], timeout)[0]:
            return False
        for _ in range(256):
            try:
                raw, extra, _, _ = self.packet.recvmsg(70000, 256)
            except BlockingIOError:
                break
            self.take(raw, extra)
        return True

    def take(self, raw, extra):
        status = next((struct.unpack('I', d[:4])[0] for lv, ty, d in extra if (lv, ty) == (263, 8)), 0)
        if raw[:6] not in (MAC, BROADCAST) and raw[:2] != b'\x33\x33':
            return
        try:
            f = Frame(raw, self.now(), not status & 8)  # TP_STATUS_CSUMNOTREADY
        except (struct.error, IndexError):
            self.wrong.append('not to be understood: ' + raw.hex())
            return
        if f.kind == 'arp' and f.op == 1 and f.target == GUEST:
            self.packet.send(f.by + MAC + b'\x08\x06' + arp(2, MAC, GUEST, f.by, f.sender))
            return
        if f.kind == 'icmp6' and f.icmp == 135:
            if f.data[4:20] == socket.inet_pton(socket.AF_INET6, GUEST6):
                self.packet.send(neighbor(f.by))
            return
        if f.type not in (0x800, 0x806, 0x86DD) or raw[:6] not in (MAC, BROADCAST):
            return
        self.log.append((f.at, '<', raw))
        if f.wrong:
            self.wrong.append('%s: %s' % (f.wrong, describe(raw)))
        if self.off and len(raw) > 1514 and f.kind != 'arp':
            self.wrong.append('longer than the MTU: ' + describe(raw))
        for c in self.conns:
            if c.owns(f):
                c.watch(f)
        if f.kind == 'icmp' and (f.icmp, f.code) == (11, 1) and f.data[8:10] != self.timing_out:
            return  # about a fragment of some case before
        self.inbox.append(f)

    def expect(self, test, within, what):
        """The first frame that passes the test; it and all that came before it are removed."""
        end = time.monotonic() + within
        while True:
            for i, f in enumerate(self.inbox):
                if test(f):
                    del self.inbox[:i + 1]
                    return f
            left = end - time.monotonic()
            if left <= 0:
                raise Fail('not within %.1f s: %s' % (within, what))
            self.poll(min(left, 0.02))

    def silence(self, seconds, test, what):
        end = time.monotonic() + seconds
        while True:
            for f in self.inbox:
                if test(f):
                    raise Fail('%s: %s' % (what, describe(f.raw)))
            left = end - time.monotonic()
            if left <= 0:
                return
            self.poll(min(left, 0.02))

    def wait(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.poll(0.01)

    def until(self, test, within, what):
        end = time.monotonic() + within
        while not test():
            if time.monotonic() > end:
                raise Fail('not within %.1f s: %s' % (within, what))
            self.poll(0.005)

    # the host

    def listen(self, kind=socket.SOCK_STREAM, rcvbuf=None):
        with self.enter():
            s = socket.socket(socket.AF_INET6 if ':' in self.server_at else socket.AF_INET, kind)
        if rcvbuf:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        s.bind((self.server_at, 0))
        s.setblocking(False)
        if kind == socket.SOCK_STREAM:
            s.listen(4096)
        self.listeners.append(s)
        return s

    def closed_port(self):
        s = self.listen()
        port = s.getsockname()[1]
        s.close()
        return port

    def accept(self, listener, within=2.0):
        end = time.monotonic() + within
        while True:
            try:
                h = Host(self, listener.accept()[0])
                self.hosts.append(h)
                return h
            except BlockingIOError:
                if time.monotonic() > end:
                    raise Fail('the server accepted nothing within %.1f s' % within) from None
                self.poll(0.005)

    def nobody(self, listener, within=0.25, what='a connection reached the server'):
        try:
            h = self.accept(listener, within)
        except Fail:
            return
        try:  # it may be reset already, but it was made
            h.sock.getpeername()
        except OSError:
            pass
        raise Fail(what)

    def port(self):
        self.next_port += 1
        return self.next_port

    def conn(self, listener, **how):
        return Conn(self, listener.getsockname()[1], **how)

    def pair(self, rcvbuf=None, **how):
        """A connection that stands, and the server's socket of it."""
        listener = self.listen(rcvbuf=rcvbuf)
        c = self.conn(listener).open(**how)
        return c, self.accept(listener)


class Host:
    """The server's end of a connection."""

    def __init__(self, bench, sock):
        self.bench, self.sock, self.pending, self.done = bench, sock, b'', False
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)

    def pump(self):
        while self.pending:
            try:
                n = self.sock.send(self.pending[:262144])
            except BlockingIOError:
                return
            except OSError:
                self.pending = b''
                return
            self.pending = self.pending[n:]

    def say(self, data):
        self.pending += data
        self.pump()

    def read(self, most=65536):
        """Bytes, b'' at the end of the stream, None when there is nothing, or the error."""
        try:
            return self.sock.recv(most)
        except BlockingIOError:
            return None
        except OSError as e:
            return e

    def expect(self, data, within=2.0):
        """Exactly these bytes next, and for the moment no others."""
        got, end = b'', time.monotonic() + within
        while len(got) < len(data):
            piece = self.read()
            if isinstance(piece, bytes) and piece:
                got += piece
            elif piece is not None:
                raise Fail('the server got %r after %d of %d bytes' % (piece, len(got), len(data)))
            elif time.monotonic() > end:
                raise Fail('the server got %d of %d bytes within %.1f s' % (len(got), len(data), within))
            else:
                self.bench.poll(0.005)
        if got != data:
            i = next((i for i, (a, b) in enumerate(zip(got, data)) if a != b), len(data))
            raise Fail('the server got wrong bytes at %d: %s, not %s' % (
                i, got[i:i + 16].hex(), data[i:i + 16].hex()))

    def nothing(self, seconds=0.15):
        self.bench.wait(seconds)
        piece = self.read()
        if piece is not None:
            raise Fail('the server got %r' % (piece[:40] if isinstance(piece, bytes) else piece))

    def eof(self, within=2.0):
        self.ends(b'', within)

    def reset(self, within=2.0):
        self.ends(errno.ECONNRESET, within)

    def ends(self, how, within):
        end = time.monotonic() + within
        while (piece := self.read()) is None:
            if time.monotonic() > end:
                raise Fail('the server saw no end of the connection within %.1f s' % within)
            self.bench.poll(0.005)
        seen = piece.errno if isinstance(piece, OSError) else piece
        if seen != how:
            raise Fail('the server saw %r, not %r' % (piece, how))

    def finish(self):
        self.sock.shutdown(socket.SHUT_WR)

    def abort(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.close()

    def close(self):
        self.pending = b''
        self.sock.close()


class Conn:
    """The guest's end of a connection: says what the case tells it to, keeps count."""

    def __init__(self, bench, dport, iss=None, sport=None):
        self.bench, self.dport, (self.src, self.dst) = bench, dport, bench.ends
        self.sport = sport or bench.port()
        self.iss = random.randrange(1 << 32) if iss is None else iss
        self.seq, self.rcv, self.irs = self.iss, 0, 0
        self.win, self.their_shift, self.edge, self.their_win = 65535, 0, None, 0
        self.scaled, self.over = False, False
        bench.conns.append(self)

    def owns(self, f):
        return f.kind == 'tcp' and (f.sport, f.dport) == (self.dport, self.sport) and f.dst == self.src

    def watch(self, f):
        """What must hold of every segment of the engine."""
        if f.flags & RST or not f.flags & ACK:
            return
        scale = 0 if f.flags & SYN else self.their_shift
        self.their_win = f.win << scale
        edge = (f.ack + self.their_win) & M32
        if self.edge is not None and before(edge, (self.edge - (1 << self.their_shift) + 1) & M32):
            self.bench.wrong.append('the right edge retreats by %d: %s' % (
                (self.edge - edge) & M32, describe(f.raw)))
        self.edge = edge

    # what the guest says

    def tell(self, flags, data=b'', seq=None, ack=None, win=None, opts=b'', **more):
        """A segment; counts nothing. more: fields of the TCP header, ip=fields of the IP header."""
        fields = more.pop('ip', {})
        trail = more.pop('trail', b'')
        seg = tcp4(self.sport, self.dport, self.seq if seq is None else seq,
                   (self.rcv if ack is None else ack) if flags & ACK else (ack or 0), flags,
                   self.win if win is None else win, data, opts, src=self.src, dst=self.dst, **more)
        if ':' in self.src:
            self.bench.send(ip6(seg, 6, self.src, self.dst, **fields) + trail, 0x86DD)
        else:
            self.bench.send(ip4(seg, 6, self.src, self.dst, **fields) + trail)

    def data(self, data, flags=ACK | PSH, **more):
        """Bytes at the right place, as fast as the engine's window lets them go."""
        for i in range(0, max(len(data), 1), MSS):
            end = (self.seq + len(data[i:i + MSS])) & M32
            if self.edge is not None and len(data) > MSS and before(self.edge, end):
                self.bench.until(lambda e=end: not before(self.edge, e), 3, 'room in the window')
            self.tell(flags, data[i:i + MSS], **more)
            self.seq = (self.seq + len(data[i:i + MSS])) & M32

    def ack(self, ack=None, win=None, **more):
        self.tell(ACK, ack=ack, win=win, **more)

    def fin(self, **more):
        self.tell(FIN | ACK, **more)
        self.seq = (self.seq + 1) & M32

    def rst(self):
        self.tell(RST, win=0)

    def syn(self, opts=mss(MSS), flags=SYN, **more):
        self.tell(flags, seq=self.iss, ack=0, opts=opts, **more)

    # what the guest hears

    def expect(self, test=None, within=2.0, what='a segment', flags=0):
        def fits(f):
            return self.owns(f) and f.has(flags) and (test is None or test(f))
        return self.bench.expect(fits, within, '%s of port %d' % (what, self.sport))

    def silence(self, seconds=0.25, test=None, what='an answer'):
        self.bench.silence(seconds, lambda f: self.owns(f) and (test is None or test(f)), what)

    def forget_heard(self):
        self.bench.poll(0)
        self.bench.inbox = [f for f in self.bench.inbox if not self.owns(f)]

    def synack(self, within=2.0):
        f = self.expect(lambda f: f.has(SYN | ACK), within, 'SYN-ACK')
        if f.ack != (self.iss + 1) & M32:
            raise Fail('the SYN-ACK acknowledges %d, the SYN was %d' % (f.ack, self.iss))
        self.irs, self.rcv, self.seq = f.seq, (f.seq + 1) & M32, f.ack
        self.scaled = 3 in f.opts
        self.their_shift = f.opts[3][0] if self.scaled else 0
        return f

    def open(self, opts=mss(MSS), win=65535, **more):
        self.win = win
        self.syn(opts, win=65535, **more)
        self.synack()
        self.ack()
        return self

    def expect_ack(self, ack=None, within=2.0):
        want = self.seq if ack is None else ack & M32
        return self.expect(lambda f: f.has(ACK) and not f.flags & (RST | SYN) and f.ack == want, within,
                           'an acknowledgement of %d' % want)

    def expect_rst(self, within=2.0, seq=None):
        f = self.expect(lambda f: f.has(RST), within, 'RST')
        if seq is not None and f.seq != seq & M32:
            raise Fail('RST with seq %d, not %d' % (f.seq, seq & M32))
        self.over = True
        return f

    def expect_fin(self, within=2.0):
        f = self.expect(lambda f: f.has(FIN), within, 'FIN')
        self.rcv = f.end
        return f

    def take(self, n, within=3.0, acks=True):
        """n bytes of the stream in order, acknowledged segment by segment."""
        got, early, end = b'', {}, time.monotonic() + within
        while len(got) < n:
            left = end - time.monotonic()
            if left <= 0:
                raise Fail('the guest got %d of %d bytes' % (len(got), n))
            try:
                f = self.expect(lambda f: f.data, left, 'data')
            except Fail:
                raise Fail('the guest got %d of %d bytes within %.1f s' % (len(got), n, within)) from None
            early[f.seq] = max(f.data, early.get(f.seq, b''), key=len)
            for seq in sorted(early, key=lambda s: (s - self.rcv + 0x80000000) & M32):
                skip = (self.rcv - seq) & M32
                if skip < 0x80000000 and skip <= len(early[seq]):
                    got += early[seq][skip:]
                    self.rcv = (self.rcv + len(early[seq]) - skip) & M32
            early = {s: d for s, d in early.items() if before(self.rcv, (s + len(d)) & M32)}
            if acks:
                self.ack()
        return got

    def alive(self, h, text=b'alive?'):
        """Bytes pass both ways."""
        self.data(text)
        h.expect(text)
        h.say(b'yes')
        if (got := self.take(3)) != b'yes':
            raise Fail('the guest got %r' % got)

    def forget(self):
        if not self.over and self.irs:
            self.rst()


# ---- the cases ----------------------------------------------------------------------------------

CASES = []

# what is the same over IPv6, and comes from other code in part: lengths, checksums, offload, addresses
OVER_IPV6 = ('synack_*', 'syn_*', 'mss_*', 'window_*', 'engine_probe*', 'data_*', 'early_*', 'fin_*', 'rst_*',
             'ack_*', 'refused*', 'urgent_*', 'sequence_*', 'tcp_checksum_bad', 'padding', 'every_*', 'timeout_*',
             'fast_*', '*_closes_*', 'half_*', 'both_*', 'host_*', 'time_wait_*', 'sack_*', 'timestamps_*',
             'keepalive_*', 'initial_*', 'end_*', 'chaos', 'options_*')


def case(level=1, linux=None):
    """level 0: in the quick run; 1: in the whole run; 2: takes longer than ten seconds.
    linux: why the oracle is known to fail it."""
    def put(function):
        CASES.append((function.__name__, level, linux, function))
        return function
    return put


# -- handshake


@case(0)
def synack_is_right(t):
    """RFC 9293 3.10.7.2: ports, acknowledgement, an MSS, nothing that was not offered."""
    c = t.conn(t.listen())
    c.syn(opts=b'')
    f = c.synack()
    if set(f.opts) - {2}:
        raise Fail('options that were not offered: %r' % f.opts)
    if f.opts.get(2) != struct.pack('!H', MSS):
        raise Fail('MSS %r, not %d' % (f.opts.get(2), MSS))
    if f.data:
        raise Fail('a SYN-ACK with data')


@case(0)
def synack_options_as_offered(t):
    """RFC 7323 2.2, 3.2, RFC 2018 2: each only if offered; a timestamp echoes ours."""
    c = t.conn(t.listen())
    stamp = b'\1\1' + struct.pack('!BBII', 8, 10, 0x01020304, 0)
    c.syn(opts=mss(1400) + wscale(7) + b'\4\2\1\1' + stamp)
    f = c.synack()
    if 3 not in f.opts or f.opts[3][0] > 14:
        raise Fail('no window scale, or a wrong one: %r' % f.opts)
    if 8 in f.opts and f.opts[8][4:] != b'\1\2\3\4':
        raise Fail('a timestamp that does not echo ours: %r' % f.opts[8])
    if set(f.opts) - {2, 3, 4, 8}:
        raise Fail('unknown options: %r' % f.opts)


@case(0)
def syn_repeated(t):
    """The same SYN again: the same SYN-ACK again, and one connection of the host's."""
    listener = t.listen()
    c = t.conn(listener)
    c.syn()
    first = c.synack()
    c.syn()
    again = c.synack()
    if again.seq != first.seq:
        raise Fail('another sequence number: %d, first %d' % (again.seq, first.seq))
    c.ack()
    h = t.accept(listener)
    t.nobody(listener)
    c.alive(h)


@case(0)
def syn_twice_at_once(t):
    """Two copies of a SYN in one batch make one connection."""
    listener = t.listen()
    c = t.conn(listener)
    c.syn()
    c.syn()
    c.synack()
    c.ack()
    h = t.accept(listener)
    t.nobody(listener)
    c.alive(h)


@case(0)
def syn_with_data(t):
    """Data on a SYN is ignored or kept; the stream is whole when the guest repeats it."""
    listener = t.listen()
    c = t.conn(listener)
    c.syn(data=b'early')
    f = c.expect(lambda f: f.has(SYN | ACK), what='SYN-ACK')
    taken = (f.ack - c.iss - 1) & M32
    if taken not in (0, 5):
        raise Fail('the SYN-ACK takes %d of 5 bytes' % taken)
    c.irs, c.rcv, c.seq = f.seq, (f.seq + 1) & M32, (c.iss + 1) & M32
    c.data(b'early')
    h = t.accept(listener)
    h.expect(b'early')
    c.alive(h)


@case(0)
def syn_with_fin(t):
    """Like Linux: SYN with FIN opens nothing."""
    listener = t.listen()
    c = t.conn(listener)
    c.syn(flags=SYN | FIN)
    t.nobody(listener)
    c.silence(0.05, lambda f: f.has(SYN | ACK), 'a SYN-ACK to SYN with FIN')


@case(0)
def syn_with_rst(t):
    """RFC 9293 3.10.7.2, first: RST is looked at first."""
    listener = t.listen()
    c = t.conn(listener)
    c.syn(flags=SYN | RST)
    t.nobody(listener)
    c.silence(0.05)


@case(0)
def syn_with_ack(t):
    """RFC 9293 3.10.7.2, second: an ACK to nothing is reset."""
    listener = t.listen()
    c = t.conn(listener)
    c.tell(SYN | ACK, ack=77, opts=mss(MSS))
    c.expect_rst(seq=77)
    t.nobody(listener)


@case(1)
def syn_with_urg_psh_ecn(t):
    """Other flags and reserved bits change nothing; ECN is not agreed to unasked."""
    listener = t.listen()
    c = t.conn(listener)
    c.syn(flags=SYN | PSH | URG, urg=9, reserved=6)
    c.synack()
    c.ack()
    c.alive(t.accept(listener))
    c = t.conn(listener)
    c.syn(flags=SYN | ECE | CWR)
    f = c.synack()
    if f.flags & CWR:
        raise Fail('a SYN-ACK with CWR')
    c.ack()
    c.data(b'marked', ip={'tos': 3})
    t.accept(listener).expect(b'marked')


def largest_segment(t, opts, limit, n=20000, within=6):
    c, h = t.pair(opts=opts)
    h.say(pattern(n))
    sizes = []
    watch = c.watch
    c.watch = lambda f: (sizes.append(len(f.data)), watch(f))
    if c.take(n, within) != pattern(n):
        raise Fail('the guest got other bytes')
    if t.off and max(sizes) > limit:
        raise Fail('segments of %d bytes, at most %d allowed' % (max(sizes), limit))


@case(0)
def mss_zero(t):
    """Like Linux: as if the option were absent."""
    largest_segment(t, mss(0), 1220 if ':' in t.ends[0] else 536)


@case(0)
def mss_one(t):
    """Like Linux: raised, so that it costs nobody a packet a byte; nothing divides by it."""
    largest_segment(t, mss(1), 48, n=2000)


@case(0)
def mss_absent(t):
    """RFC 9293 3.7.1: 536, over IPv6 1220."""
    largest_segment(t, b'', 1220 if ':' in t.ends[0] else 536)


@case(0)
def mss_64000(t):
    """Never beyond the MTU."""
    largest_segment(t, mss(64000), MSS)


@case(0)
def mss_500(t):
    largest_segment(t, mss(500), 500)


@case(1)
def mss_twice(t):
    """Two options: either may count, none may harm."""
    largest_segment(t, mss(1200) + mss(600), 1200)


@case(0)
def options_absurd(t):
    """Lengths of 0, 1 and beyond the header, unknown kinds, nothing but NOPs, no end."""
    for opts in (b'\2\0\5\xb4', b'\2\1\5\xb4', b'\2\x28\5\xb4', b'\1' * 40, b'\xfd\4\1\1' * 10,
                 b'\3\3', b'\x08\x0a\0\0', b'\1\1\1\2', b'\5\x0a' + b'\0' * 8, b'\0\2\4\0\0\0\0\0'):
        listener = t.listen()
        c = t.conn(listener)
        c.syn(opts=opts)
        c.synack()
        c.ack()
        c.alive(t.accept(listener))


@case(1)
def options_absurd_in_data(t):
    """The same on segments of a connection that stands."""
    c, h = t.pair()
    for opts in (b'\2\0\5\xb4', b'\2\x28\5\xb4', b'\1' * 40, b'\5\x02\1\1', b'\5\x0b' + b'\1' * 10,
                 b'\3\3\x0e\1', b'\4\2\1\1'):
        c.data(b'data', opts=opts)
        h.expect(b'data')
    c.alive(h)


@case(0)
def window_scale_15(t):
    """RFC 7323 2.3: counts as 14."""
    c, h = t.pair(opts=mss(MSS) + wscale(15), win=1)
    h.say(pattern(200000))
    t.wait(0.15)
    if not c.scaled:
        raise Fail('no window scaling')
    n = max((((f.seq - c.rcv) & M32) + len(f.data) for f in t.inbox if c.owns(f) and f.data), default=0)
    if not 0 < n <= 1 << 14:
        raise Fail('%d bytes in a window of %d' % (n, 1 << 14))


@case(0)
def synack_repeated(t):
    """RFC 6298 5: unanswered, the SYN-ACK comes again after about a second."""
    c = t.conn(t.listen())
    c.syn()
    first = c.synack()
    again = c.synack(2.5)
    gap = again.at - first.at
    if again.seq != first.seq or not 0.5 < gap < 2.2:
        raise Fail('after %.2f s, seq %d, first %d' % (gap, again.seq, first.seq))


@case(2)
def synack_given_up(t):
    """It backs off, and ends."""
    c = t.conn(t.listen())
    c.syn()
    times = [c.synack().at]
    while len(times) < 9:
        try:
            times.append(c.synack(40).at)
        except Fail:
            break
    gaps = [b - a for a, b in zip(times, times[1:])]
    if not 2 <= len(gaps) <= 7 or any(b < 1.5 * a for a, b in zip(gaps, gaps[1:])):
        raise Fail('SYN-ACKs after %s' % ['%.1f' % g for g in gaps])


def half_open(t, n):
    listener = t.listen()
    many = [t.conn(listener) for _ in range(n)]
    for c in many:
        c.syn()
    many[-1].synack()
    start = t.now()
    c, h = t.pair()
    c.alive(h)
    if t.now() - start > 1:
        raise Fail('a new connection took %.1f s' % (t.now() - start))
    for c in many:
        c.irs, c.seq = 1, (c.iss + 1) & M32


@case(0)
def half_open_10(t):
    """Connections that never finish the handshake hold up nobody."""
    half_open(t, 10)


@case(0)
def half_open_200(t):
    half_open(t, 200)


@case(0)
def rst_in_syn_received(t):
    """RFC 9293 3.10.7.4: the attempt is over; what follows is reset."""
    listener = t.listen()
    c = t.conn(listener)
    c.syn()
    c.synack()
    c.rst()
    t.wait(0.05)
    c.forget_heard()
    c.ack()
    c.expect_rst(seq=c.rcv)


@case(0)
def wrong_ack_in_syn_received(t):
    """RFC 9293 3.10.7.4, fifth: <SEQ=SEG.ACK><CTL=RST>, and the right one still works."""
    listener = t.listen()
    c = t.conn(listener)
    c.syn()
    c.synack()
    c.ack(ack=c.rcv + 1000)
    c.expect_rst(seq=c.rcv + 1000)
    c.over = False
    c.ack()
    c.alive(t.accept(listener))


@case(0)
def data_with_the_last_ack(t):
    """The third segment carries data, or is lost and data follows."""
    listener = t.listen()
    c = t.conn(listener)
    c.syn()
    c.synack()
    c.data(b'third')
    h = t.accept(listener)
    h.expect(b'third')
    c.alive(h)


@case(1)
def early_data_in_syn_received(t):
    """Data out of order before the last ACK: nothing lost, nothing wrong."""
    listener = t.listen()
    c = t.conn(listener)
    c.syn()
    c.synack()
    c.tell(ACK, b'second', seq=c.seq + 5)
    c.data(b'first')
    h = t.accept(listener)
    t.wait(0.05)
    c.data(b'second')
    h.expect(b'firstsecond')


@case(1)
def fin_with_the_last_ack(t):
    """A whole request in two segments."""
    listener = t.listen()
    c = t.conn(listener)
    c.syn()
    c.synack()
    c.tell(ACK | FIN | PSH, b'all')
    c.seq += 4
    h = t.accept(listener)
    h.expect(b'all')
    h.eof()
    c.expect_ack()


@case(1)
def syn_anew_in_syn_received(t):
    """A guest that gave up and began anew on the same port gets a connection in the end."""
    listener = t.listen()
    c = t.conn(listener)
    c.syn()
    c.synack()
    c.iss = (c.iss + 100000) & M32
    c.forget_heard()
    for _ in range(5):
        c.syn()
        try:
            f = c.expect(within=0.7)
        except Fail:
            continue
        if f.has(SYN | ACK) and f.ack == (c.iss + 1) & M32:
            c.irs, c.rcv, c.seq = f.seq, (f.seq + 1) & M32, f.ack
            c.ack()
            c.data(b'anew')
            return t.accept(listener) and None
        c.tell(RST, seq=f.ack)  # what a kernel says to an ACK of something else
        t.wait(0.05)
    raise Fail('no connection')


# -- refusals


@case(0)
def refused(t):
    """A port on which nobody listens: RST at once, no SYN-ACK before."""
    c = Conn(t, t.closed_port())
    c.syn()
    f = c.expect(what='RST')
    if f.flags != RST | ACK or f.ack != (c.iss + 1) & M32 or f.seq != 0:
        raise Fail('not a RST of the right form: ' + describe(f.raw))


@case(1)
def refused_with_data(t):
    """The RST acknowledges the data of the SYN, too (SEG.LEN)."""
    c = Conn(t, t.closed_port())
    c.syn(data=b'12345')
    f = c.expect(what='RST')
    if not f.has(RST | ACK) or (f.ack - c.iss) & M32 not in (1, 6):
        raise Fail(describe(f.raw))


@case(0)
def ack_of_nothing(t):
    """RFC 9293 3.10.7.1: <SEQ=SEG.ACK><CTL=RST>."""
    c = Conn(t, t.closed_port())
    c.tell(ACK, b'data', ack=0x12345678)
    f = c.expect_rst(seq=0x12345678)
    if f.flags & ACK:
        raise Fail('with ACK: ' + describe(f.raw))


@case(0)
def rst_of_nothing(t):
    """RST is never answered."""
    c = Conn(t, t.closed_port())
    for flags in (RST, RST | ACK, RST | SYN, RST | FIN | ACK):
        c.tell(flags, ack=99)
    c.silence()


@case(0)
def flags_of_nothing(t):
    """Christmas tree, no flags, FIN alone: no connection, at most a RST."""
    listener = t.listen()
    for flags in (FIN | URG | PSH, 0, FIN, URG, PSH, 255, FIN | SYN | PSH | URG, ECE | CWR):
        c = t.conn(listener)
        c.tell(flags, ack=0)
        c.silence(0.05, lambda f: not f.has(RST), 'not a RST')
    t.nobody(listener)


# -- data


@case(0)
def data_in_order(t):
    c, h = t.pair()
    c.data(pattern(60000))
    h.expect(pattern(60000))
    c.expect_ack()
    c.alive(h)


@case(0)
def data_out_of_order(t):
    """RFC 5681 4.2: a duplicate ACK at once for each, then everything."""
    c, h = t.pair()
    start = c.seq
    order = list(range(10))
    random.Random(4).shuffle(order)
    order.remove(0)
    for i in order:
        c.tell(ACK, pattern(1000, i * 1000), seq=start + i * 1000)
        c.expect_ack(start, 0.2)
    h.nothing(0.05)
    c.data(pattern(1000))
    h.expect(pattern(10000))
    c.seq = (start + 10000) & M32
    c.expect_ack()
    c.alive(h)


@case(0)
def data_reversed(t):
    c, h = t.pair()
    start = c.seq
    for i in reversed(range(40)):
        c.tell(ACK, pattern(1000, i * 1000), seq=start + i * 1000)
    h.expect(pattern(40000))
    c.seq = (start + 40000) & M32
    c.expect_ack()


@case(0)
def data_overlapping(t):
    """Bytes that came once count; nothing twice, nothing lost, in any cut."""
    c, h = t.pair()
    start, text = c.seq, pattern(20000)
    rnd = random.Random(7)
    for _ in range(120):
        a = rnd.randrange(0, 19000)
        n = rnd.randrange(1, 1400)
        c.tell(ACK, text[a:min(a + n, 20000)], seq=start + a)
    c.data(text)
    h.expect(text)
    h.nothing(0.05)
    c.expect_ack()


@case(0)
def data_overlapping_the_past(t):
    """A segment that begins before what is expected: its new part counts."""
    c, h = t.pair()
    start = c.seq
    c.data(pattern(100))
    c.tell(ACK, pattern(150), seq=start)
    c.tell(ACK, pattern(150, 50), seq=start + 50)
    h.expect(pattern(200))
    c.seq = (start + 200) & M32
    c.expect_ack()
    c.alive(h)


def early(t, *segments):
    """The SACK blocks in the answer to the last of these stretches of the stream; F: and a FIN."""
    c, h = t.pair(opts=mss(MSS) + b'\4\2\1\1')
    for text in segments:
        a, b = (int(n) for n in text.rstrip('F').split('-'))
        c.forget_heard()
        c.tell(ACK | FIN if text.endswith('F') else ACK, pattern(b - a, a), seq=c.seq + a)
        blocks = c.expect(lambda f: 5 in f.opts, 0.5, 'a SACK').opts[5]
    edges = [(n - c.seq) & M32 for n in struct.unpack('!%dI' % (len(blocks) // 4), blocks)]
    return c, h, ' '.join('%d-%d' % edge for edge in zip(edges[::2], edges[1::2]))


@case(0)
def early_data_reported(t):
    """RFC 2018 4: the latest stretch first, then those before it; RFC 2883: what came twice at the front."""
    for segments, want in (
            ('100-200 300-400 500-600', '500-600 300-400 100-200'),
            ('500-600 300-400 100-200', '100-200 300-400 500-600'),
            ('100-200 300-400 200-300', '100-400'),
            ('100-200 120-150', '120-150 100-200'),
            ('100-200 150-250', '150-200 100-250'),
            ('200-300 150-250', '200-250 150-300'),
            ('200-300 400-500 150-550', '200-300 150-550'),
            ('100-200F', '100-201'),
            ('100-100F', '100-101'),
            ('100-200F 100-200F', '100-201 100-201')):
        _, _, got = early(t, *segments.split())
        if got != want:
            raise Fail('after %s: %s, not %s' % (segments, got, want))


@case(0)
def data_beyond_an_early_fin(t):
    """The stream ends where the guest said."""
    c, h, _ = early(t, '100-200F', '150-300')
    c.data(pattern(100))
    h.expect(pattern(200))
    h.eof()
    c.expect_ack(c.iss + 202)
    c.over = True


@case(0)
def fin_before_early_data(t):
    """An early FIN that the text contradicts is not believed; a right one is."""
    c, h, _ = early(t, '100-300', '100-200F')
    c.data(pattern(100))
    h.expect(pattern(300))
    h.nothing(0.05)
    c.seq = (c.seq + 200) & M32
    c.fin()
    h.eof()
    c.expect_ack()


@case(0)
def data_repeated(t):
    """RFC 9293 3.10.7.4: an old segment is acknowledged at once and not delivered."""
    c, h = t.pair()
    start = c.seq
    c.data(b'once')
    h.expect(b'once')
    c.expect_ack()
    for _ in range(3):
        c.forget_heard()
        c.tell(ACK | PSH, b'once', seq=start)
        c.expect_ack(within=0.3)
    h.nothing()
    c.alive(h)


@case(0)
def data_beyond_the_window(t):
    """Acknowledged, not kept: RFC 9293 3.10.7.4, first."""
    c, h = t.pair()
    far = c.seq + c.their_win + 5000
    for seq in (far, c.seq + 0x40000000, c.seq - 0x40000000, c.seq + 0x7FFFFFFF, c.seq + 0x80000000):
        c.forget_heard()
        c.tell(ACK | PSH, b'beyond', seq=seq)
        c.expect_ack(within=0.5)
    h.nothing(0.05)
    c.alive(h)


@case(0)
def data_empty(t):
    """Empty segments are no data."""
    c, h = t.pair()
    for flags in (ACK, ACK | PSH, ACK | URG, ACK | PSH | URG):
        c.tell(flags, urg=1)
    h.nothing(0.05)
    c.alive(h)


@case(0)
def data_byte_by_byte(t):
    c, h = t.pair()
    for b in pattern(500):
        c.data(bytes([b]))
    h.expect(pattern(500))
    c.expect_ack()


@case(0)
def data_without_psh(t):
    """PSH is not needed for delivery."""
    c, h = t.pair()
    c.data(b'no push', flags=ACK)
    h.expect(b'no push', 0.5)
    c.expect_ack(within=0.5)


@case(0)
def data_without_ack(t):
    """RFC 9293 3.10.7.4, fifth: if the ACK bit is off, drop the segment."""
    c, h = t.pair()
    c.tell(PSH, b'no ack')
    c.tell(0, b'no flags')
    h.nothing()
    c.alive(h)


@case(0)
def urgent_pointers(t):
    """RFC 6093: in line, whatever the pointer says; not a byte of anybody else's memory."""
    c, h = t.pair()
    for pointer in (0, 1, 3, 4, 5, 1000, 65535):
        c.data(b'text', flags=ACK | PSH | URG, urg=pointer)
        h.expect(b'text')
    c.data(b'pointer without flag', urg=5)
    h.expect(b'pointer without flag')
    h.nothing(0.05)
    c.alive(h)


@case(0)
def sequence_wraps(t):
    """Both in order and out of order, across 2^32."""
    for iss in (0xFFFFFF00, 0x7FFFFF00, 0xFFFFFFFF, 0):
        listener = t.listen()
        c = t.conn(listener, iss=iss)
        c.open()
        h = t.accept(listener)
        start = c.seq
        for i in (3, 1, 2, 0):
            c.tell(ACK, pattern(200, i * 200), seq=start + i * 200)
        h.expect(pattern(800))
        c.seq = (start + 800) & M32
        c.expect_ack()
        c.alive(h)


@case(0)
def padding(t):
    """What lies behind the IP total length is not data."""
    c, h = t.pair()
    c.data(b'abc', trail=b'padding is nobody\'s data')
    h.expect(b'abc')
    c.ack(trail=b'\xee' * 6)
    h.nothing(0.05)
    c.alive(h)


@case(0)
def ip_options(t):
    """RFC 1122 3.2.1.8: to be skipped."""
    c, h = t.pair()
    for opts in (b'\1' * 40, b'\x94\4\0\0', b'\1\1\1\0'):
        c.data(b'opt', ip={'opts': opts})
        h.expect(b'opt')
    c.alive(h)


@case(1)
def ip_options_malformed(t):
    """RFC 1122 3.2.2.5: parameter problem, pointing; nothing of the packet is used."""
    c, h = t.pair()
    for opts, at in ((b'\x94\0\0\0', 20), (b'\x94\1\0\0', 20), (b'\x94\x28\0\0', 20), (b'\7\7\3\0\0\0\0\0', 22),
                     (b'\1\x83\7\3' + b'\0' * 8, 23), (b'\x44\3\5\0', 21), (b'\x44\4\5\xf0', 23)):
        c.tell(ACK | PSH, b'not for anybody', ip={'opts': opts})
        t.expect(lambda f, at=at: f.kind == 'icmp' and f.icmp == 12 and f.data[0] == at, 0.5,
                 'parameter problem at %d of %s' % (at, opts.hex()))
    h.nothing(0.05)
    t.wait(0.05)
    c.forget_heard()
    c.alive(h)


@case(0)
def ip_source_routes(t):
    """RFC 7126 4.3: followed by nobody; like Linux, dropped in silence."""
    c, h = t.pair()
    for kind in (0x83, 0x89):
        c.tell(ACK | PSH, b'by a long way', ip={'opts': bytes([kind, 7, 4]) + socket.inet_aton(GATEWAY) + b'\0'})
    h.nothing(0.05)
    t.silence(0.1, lambda f: f.kind == 'icmp', 'an error')
    c.alive(h)


@case(0)
def ip_checksum_bad(t):
    c, h = t.pair()
    c.tell(ACK | PSH, b'bad', ip={'bad_sum': True})
    h.nothing()
    c.alive(h)


@case(0)
def tcp_checksum_bad(t):
    """Verified: nothing is delivered, acknowledged or opened."""
    listener = t.listen()
    c = t.conn(listener).open()
    h = t.accept(listener)
    c.forget_heard()
    c.tell(ACK | PSH, b'bad', bad_sum=True)
    h.nothing()
    c.silence(0.05)
    other = t.conn(listener)
    other.syn(bad_sum=True)
    t.nobody(listener)
    c.tell(RST, bad_sum=True)
    c.tell(FIN | ACK, bad_sum=True)
    h.nothing(0.05)
    c.alive(h)


def not_for_the_host(t, *packets):
    """Packets of a connection, each given as a function of it, that must change nothing."""
    c, h = t.pair()
    for make in packets:
        t.send(make(c))
    h.nothing()
    c.forget_heard()
    c.alive(h)


def segment(c, data=b'bad', **fields):
    return tcp4(c.sport, c.dport, c.seq, c.rcv, ACK | PSH, data=data, **fields)


@case(0)
def tcp_header_truncated(t):
    not_for_the_host(t, *[lambda c, n=n: ip4(segment(c)[:n], 6) for n in (0, 1, 4, 8, 12, 13, 16, 19)])


@case(0)
def tcp_data_offset_wrong(t):
    not_for_the_host(t, *[lambda c, n=n: ip4(segment(c, off=n), 6) for n in (0, 1, 4, 6, 15)])


@case(0)
def ip_length_wrong(t):
    not_for_the_host(t, *[lambda c, n=n: ip4(segment(c), 6, total=n) for n in (0, 5, 19, 20, 30, 44, 1500, 65535)])


@case(0)
def ip_version_wrong(t):
    not_for_the_host(t, *[lambda c, n=n: ip4(segment(c), 6, version=n) for n in (0, 5, 6, 15)])


@case(0)
def ip_header_length_wrong(t):
    not_for_the_host(t, *[lambda c, n=n: ip4(segment(c), 6, ihl=n) for n in (0, 1, 4, 11, 15)])


@case(1)
def ttl_1(t):
    """It ends here: a TTL of 1 is enough."""
    listener = t.listen()
    c = t.conn(listener).open(ip={'ttl': 1})
    h = t.accept(listener)
    c.data(b'near', ip={'ttl': 1})
    h.expect(b'near')


@case(1)
def tcp_in_fragments(t):
    """A segment in fragments, in any order."""
    c, h = t.pair()
    seg = tcp4(c.sport, c.dport, c.seq, c.rcv, ACK | PSH, data=pattern(3000))
    fragments(t, seg, 6, 1000, order=[2, 0, 1, 3])
    h.expect(pattern(3000))
    c.seq = (c.seq + 3000) & M32
    c.expect_ack()
    c.alive(h)


# -- windows


@case(0)
def window_opens_again(t):
    """A closed window, then an update: the rest comes at once."""
    c, h = t.pair(win=0)
    h.say(pattern(5000))
    c.silence(0.15, lambda f: len(f.data) > 1, 'data into a closed window')
    c.ack(win=65535)
    c.win = 65535
    if c.take(5000, 1) != pattern(5000):
        raise Fail('other bytes')


@case(0)
def window_closes_in_transfer(t):
    """Data, window shut, nothing; window open, the rest."""
    c, h = t.pair(win=3 * MSS)
    h.say(pattern(50000))
    got = c.take(3 * MSS, acks=False)
    c.ack(win=0)
    t.wait(0.3)
    c.forget_heard()
    c.win = 65535
    c.ack()
    got += c.take(50000 - len(got), 2)
    if got != pattern(50000):
        raise Fail('other bytes')


def fill(t, c):
    """Sends until the engine's window is closed; how many bytes that took."""
    sent, end = 0, t.now() + 10
    while t.now() < end:
        t.poll(0)
        n = min((c.edge - c.seq) & M32, MSS)
        if n == 0:
            still = t.now() + 0.25
            while c.edge == c.seq and t.now() < still:
                t.poll(0.01)
            if c.edge == c.seq:
                return sent
            continue
        c.tell(ACK | PSH, pattern(n, sent % 65536))
        c.seq = (c.seq + n) & M32
        sent += n
        if sent % (8 * MSS) < MSS:
            t.poll(0.0005)
    raise Fail('the window did not close: %d bytes sent' % sent)


@case(0)
def window_update_after_drain(t):
    """The host reads after long: the guest, stopped by a closed window, hears of it unasked."""
    c, h = t.pair(rcvbuf=16384)
    sent = fill(t, c)
    t.wait(0.2)
    c.forget_heard()
    read, end = 0, t.now() + 3
    while read < sent and t.now() < end:
        piece = h.read(1 << 20)
        if isinstance(piece, bytes):
            read += len(piece)
        else:
            t.poll(0.002)
    if read < sent:
        raise Fail('the host got %d of %d acknowledged bytes' % (read, sent))
    c.expect(lambda f: f.has(ACK) and f.win > 0, 1.0, 'a window update without being asked')
    c.alive(h)


@case(1)
def window_not_silly(t):
    """RFC 9293 3.8.6.2.2: a host that reads a little opens no window of a little."""
    c, h = t.pair(rcvbuf=4096)
    fill(t, c)
    c.forget_heard()
    for _ in range(10):
        h.read(50)
        t.poll(0.02)
    t.wait(0.1)
    for f in t.inbox:
        if c.owns(f) and 0 < (f.win << c.their_shift) < 536:
            raise Fail('a silly window: ' + describe(f.raw))


@case(1)
def guest_probes_closed_window(t):
    """A probe of a closed window is answered with where we are."""
    c, h = t.pair(rcvbuf=4096)
    fill(t, c)
    t.wait(0.1)
    for data, seq in ((b'', c.seq - 1), (b'x', c.seq)):
        c.forget_heard()
        c.tell(ACK, data, seq=seq)
        f = c.expect(lambda f: f.has(ACK), 0.5, 'an answer to a window probe')
        if f.ack != c.seq:
            raise Fail('it acknowledges %d, not %d' % (f.ack, c.seq))


@case(0)
def engine_probes_closed_window(t):
    """RFC 9293 3.8.6.1: probes, further and further apart, as long as they are answered."""
    c, h = t.pair(win=0)
    h.say(pattern(5000))
    times = []
    while len(times) < 3:
        times.append(c.expect(within=4, what='a window probe').at)
        c.ack(win=0)
        t.wait(0.02)
        c.forget_heard()
    if times[2] - times[1] < 1.3 * (times[1] - times[0]):
        raise Fail('probes at %s' % ['%.2f' % x for x in times])
    c.win = 65535
    c.ack()
    if c.take(5000, 2) != pattern(5000):
        raise Fail('other bytes')


@case(0)
def engine_probe_learns_of_window(t):
    """The update was lost: the answer to the next probe brings the transfer back."""
    c, h = t.pair(win=0)
    h.say(pattern(5000))
    c.expect(within=3, what='a window probe')
    c.win = 65535
    c.ack()
    if c.take(5000, 1) != pattern(5000):
        raise Fail('other bytes')


@case(1)
def window_tiny(t):
    """Windows of 1 to 10 bytes: the stream moves, and is right."""
    c, h = t.pair(win=1)
    h.say(pattern(60))
    got = b''
    for i in range(1, 11):
        got += c.take(1, 4, acks=False)
        t.poll(0.01)
        for f in [f for f in t.inbox if c.owns(f) and f.data and f.seq == c.rcv]:
            got += f.data
            c.rcv = f.end
        c.win = i + 1
        c.ack()
    c.win = 65535
    c.ack()
    got += c.take(60 - len(got), 3)
    if got != pattern(60):
        raise Fail('other bytes')


@case(0)
def window_respected(t):
    """Never a byte beyond what was granted."""
    c, h = t.pair(win=4000)
    h.say(pattern(100000))
    t.wait(0.15)
    ends = [(f.end - c.rcv) & M32 for f in t.inbox if c.owns(f) and f.data]
    if not ends or max(ends) > 4000:
        raise Fail('%r bytes into a window of 4000' % (max(ends, default=0)))


@case(0)
def window_scale_respected(t):
    """RFC 7323 2.3: the field of a SYN is not scaled, all others are."""
    c, h = t.pair(opts=mss(MSS) + wscale(7), win=30)
    h.say(pattern(100000))
    t.wait(0.15)
    if not c.scaled:
        raise Fail('no window scaling')
    ends = [(f.end - c.rcv) & M32 for f in t.inbox if c.owns(f) and f.data]
    if not ends or not 1000 <= max(ends) <= 30 << 7:
        raise Fail('%r bytes into a window of %d' % (max(ends, default=0), 30 << 7))


@case(0)
def window_shrunk(t):
    """RFC 9293 3.8.6: a window taken back disturbs nothing in the end."""
    c, h = t.pair(win=20000)
    h.say(pattern(60000))
    t.wait(0.05)
    c.forget_heard()
    c.ack(win=500)
    t.wait(0.3)
    c.ack(win=0)
    t.wait(0.3)
    c.win = 65535
    c.ack()
    if c.take(60000, 4) != pattern(60000):
        raise Fail('other bytes')


@case(0)
def window_of_a_few_bytes_not_used(t):
    """RFC 9293 3.8.6.2.1: the sender waits for a window that is worth it."""
    c, h = t.pair(win=10 * MSS)
    h.say(pattern(60000))
    c.take(10 * MSS, acks=False)
    c.ack(win=10)
    c.silence(0.12, lambda f: f.data, 'a silly segment')
    c.win = 65535
    c.ack()
    c.take(60000 - 10 * MSS, 3)


@case(0)
def old_window_ignored(t):
    """RFC 9293 3.10.7.4: SND.WL1 and SND.WL2 guard against a window of the past."""
    c, h = t.pair(win=65535)
    c.data(b'12345')
    h.expect(b'12345')
    c.expect_ack()
    c.tell(ACK, seq=c.seq - 5, win=0)  # what was said before the five bytes
    t.wait(0.02)
    h.say(pattern(3000))
    if c.take(3000, 0.15) != pattern(3000):
        raise Fail('other bytes')


@case(1)
def sockstress(t):
    """Thirty connections that want much and take nothing hold up nobody."""
    many = []
    for i in range(30):
        c, h = t.pair(win=i % 3 * 4)
        h.say(bytes(300000))
        many.append(c)
    t.wait(0.5)
    start = t.now()
    c, h = t.pair()
    c.alive(h)
    if t.now() - start > 1:
        raise Fail('a new connection took %.1f s' % (t.now() - start))


# -- retransmission


@case(0)
def data_retransmitted(t):
    """RFC 6298 5: unacknowledged data comes again, each time after about twice as long."""
    c, h = t.pair()
    h.say(b'again')
    times = []
    while len(times) < 4:
        f = c.expect(lambda f: f.data, 4, 'a repetition of the data')
        if f.data != b'again' or f.seq != c.rcv:
            raise Fail('another segment: ' + describe(f.raw))
        times.append(f.at)
    gaps = [b - a for a, b in zip(times, times[1:])]
    if gaps[0] > 1.5 or gaps[2] < 1.5 * gaps[1]:
        raise Fail('repetitions after %s' % ['%.2f' % g for g in gaps])
    c.take(0)
    c.rcv = f.end
    c.ack()
    c.alive(h)


@case(0)
def fast_retransmit(t):
    """RFC 5681 3.2: after three duplicate ACKs at once, not after a timeout."""
    c, h = t.pair()
    h.say(pattern(8 * MSS))
    t.wait(0.06)
    end = max((f.end for f in t.inbox if c.owns(f) and f.data), key=lambda e: (e - c.rcv) & M32)
    if (end - c.rcv) & M32 < 5 * MSS:
        raise Fail('a first flight of only %d bytes' % ((end - c.rcv) & M32))
    c.forget_heard()
    lost = c.rcv + MSS
    c.ack(lost)
    for _ in range(3):
        c.ack(lost)
    c.expect(lambda f: f.data and f.seq == lost & M32, 0.12, 'a fast retransmission')
    c.rcv = end
    c.ack()
    c.alive(h)


@case(1)
def fast_retransmit_not_for_window_updates(t):
    """RFC 5681 2: an ACK that moves the window is no duplicate."""
    c, h = t.pair(win=50000)
    h.say(pattern(4 * MSS))
    t.wait(0.05)
    c.forget_heard()
    for i in range(1, 6):
        c.ack(win=50000 + i)
    c.silence(0.1, lambda f: f.data and f.seq == c.rcv, 'a retransmission')
    c.take(0)


@case(0)
def timeout_recovers(t):
    """A whole flight lost: it all comes again."""
    c, h = t.pair()
    h.say(pattern(30000))
    t.wait(0.1)
    c.forget_heard()
    if c.take(30000, 6) != pattern(30000):
        raise Fail('other bytes')
    c.alive(h)


@case(1)
def every_third_lost(t):
    """A guest that loses every third segment gets the stream whole."""
    c, h = t.pair()
    h.say(pattern(60000))
    count = [0]
    take = t.take

    def lossy(raw, extra):
        count[0] += 1
        if len(raw) > 100 and count[0] % 3 == 0:
            return
        take(raw, extra)
    t.take = lossy
    try:
        if c.take(60000, 20) != pattern(60000):
            raise Fail('other bytes')
    finally:
        t.take = take


@case(0)
def ack_of_the_unsent(t):
    """RFC 9293 3.10.7.4, fifth: an ACK in reply, nothing believed."""
    c, h = t.pair()
    h.say(b'12345')
    c.take(5)
    for far in (1, 1000, 100000, 0x7FFFFFFF):
        c.forget_heard()
        c.ack(c.rcv + far)
        f = c.expect(within=0.5, what='an ACK in reply')
        if f.flags & RST:
            raise Fail('a RST')
    c.alive(h)


@case(0)
def ack_of_the_unsent_with_data(t):
    """The same with data in it: dropped."""
    c, h = t.pair()
    c.tell(ACK | PSH, b'bad', ack=c.rcv + 100000)
    h.nothing()
    c.alive(h)


@case(0)
def ack_of_the_past(t):
    """An old ACK is ignored; its data is not."""
    c, h = t.pair()
    h.say(pattern(3000))
    c.take(3000)
    c.ack(c.rcv - 2000)
    c.data(b'good', ack=c.rcv - 1000)
    h.expect(b'good')
    c.alive(h)


@case(0)
def ack_of_long_ago(t):
    """RFC 5961 5.2: one older than any window is a guess: its data is dropped."""
    c, h = t.pair()
    c.tell(ACK | PSH, b'guess', ack=c.rcv - 0x1000000)
    h.nothing()
    c.alive(h)


@case(0)
def optimistic_acks(t):
    """ACKs of what is sent but not yet here speed nothing beyond the window, and break nothing."""
    c, h = t.pair(win=10 * MSS)
    h.say(bytes(300000))
    acked, end = c.rcv, t.now() + 1.0
    while t.now() < end and (acked - c.irs - 1) & M32 < 300000:
        acked = (acked + MSS) & M32
        c.ack(acked)
        t.poll(0.001)
        sent = max(((f.end - c.rcv) & M32 for f in t.inbox if c.owns(f) and f.data), default=0)
        if sent > ((acked - c.rcv) & M32) + 10 * MSS:
            raise Fail('%d bytes, %d granted' % (sent, ((acked - c.rcv) & M32) + 10 * MSS))


@case(0)
def ack_splitting(t):
    """RFC 3465, RFC 5681 3.1: many ACKs for one segment open the window as one does."""
    c, h = t.pair()
    h.say(bytes(1000000))
    t.wait(0.06)
    first = max((f.end - c.rcv) & M32 for f in t.inbox if c.owns(f) and f.data)
    for i in range(1, 101):
        c.ack(c.rcv + i * 14)
    t.wait(0.03)
    then = max((f.end - c.rcv) & M32 for f in t.inbox if c.owns(f) and f.data)
    if then - first > 6 * MSS:
        raise Fail('100 ACKs of 14 bytes let out %d bytes' % (then - first))


@case(1)
def path_mtu(t):
    """RFC 1191: 'fragmentation needed' from the guest's side makes segments smaller."""
    c, h = t.pair()
    h.say(pattern(10000))
    f = c.expect(lambda f: len(f.data) >= 1000, 1, 'a large segment')
    quoted = f.raw[14:14 + 28]
    body = struct.pack('!BBHHH', 3, 4, 0, 0, 600) + quoted
    body = body[:2] + struct.pack('!H', checksum(body)) + body[4:]
    t.ip(body, 1)
    t.wait(0.02)
    c.forget_heard()
    f = c.expect(lambda f: f.data and f.seq == c.rcv, 2, 'the data again')
    if t.off and len(f.data) > 560:
        raise Fail('%d bytes after the path said 600' % len(f.data))
    if c.take(10000, 3) != pattern(10000):
        raise Fail('other bytes')


@case(1)
def icmp_about_a_connection(t):
    """RFC 1122 4.2.3.9, RFC 5927: errors are soft once a connection stands; forged ones are nothing."""
    c, h = t.pair()
    h.say(b'12345')
    f = c.expect(lambda f: f.data, 1, 'data')
    for kind, code, mtu, seq in ((3, 1, 0, f.seq), (3, 3, 0, f.seq), (3, 2, 0, f.seq), (11, 0, 0, f.seq),
                                 (4, 0, 0, f.seq), (3, 4, 0, f.seq), (3, 4, 68, f.seq + 5000000)):
        tcp_part = f.raw[34:38] + struct.pack('!I', seq & M32)
        body = struct.pack('!BBHHH', kind, code, 0, 0, mtu) + f.raw[14:34] + tcp_part
        t.ip(body[:2] + struct.pack('!H', checksum(body)) + body[4:], 1)
    c.rcv = f.end
    c.ack()
    c.alive(h)


# -- the end


@case(0)
def guest_closes_first(t):
    c, h = t.pair()
    c.data(b'bye')
    c.fin()
    h.expect(b'bye')
    h.eof()
    c.expect_ack()
    h.close()
    c.expect_fin()
    c.ack()
    c.silence(0.3)
    c.over = True


@case(0)
def host_closes_first(t):
    """... and a FIN that comes again in TIME-WAIT is acknowledged again."""
    c, h = t.pair()
    h.say(b'bye')
    h.finish()
    if c.take(3, acks=False) != b'bye':
        raise Fail('other bytes')
    fin = [f for f in t.log if f[1] == '<' and describe(f[2]).find('FIN') > 0]
    if not fin:
        c.expect_fin()
    else:
        c.rcv = (c.rcv + 1) & M32
    c.ack()
    c.fin()
    h.eof()
    c.expect_ack()
    h.close()
    t.wait(0.05)
    c.forget_heard()
    c.tell(FIN | ACK, seq=c.seq - 1)
    c.expect_ack(within=0.5)
    c.over = True


@case(0)
def both_close_at_once(t):
    """RFC 9293 3.6 figure 13."""
    c, h = t.pair()
    h.finish()
    f = c.expect(lambda f: f.has(FIN), what='FIN')
    c.fin()  # does not acknowledge theirs
    h.eof()
    c.expect_ack()
    c.rcv = f.end
    c.ack()
    c.silence(0.3)
    c.over = True


@case(0)
def fin_with_data(t):
    c, h = t.pair()
    c.tell(FIN | ACK | PSH, pattern(700))
    c.seq = (c.seq + 701) & M32
    h.expect(pattern(700))
    h.eof()
    c.expect_ack()


@case(0)
def fin_out_of_order(t):
    """Neither acted upon before its turn nor lost."""
    c, h = t.pair()
    start = c.seq
    c.tell(FIN | ACK, seq=start + 2000)
    c.expect_ack(start, 0.3)
    c.tell(ACK, pattern(1000, 1000), seq=start + 1000)
    h.nothing()
    c.tell(ACK, pattern(1000), seq=start)
    h.expect(pattern(2000))
    h.eof()
    c.seq = (start + 2001) & M32
    c.expect_ack()


@case(1)
def fin_with_data_out_of_order(t):
    c, h = t.pair()
    start = c.seq
    c.tell(FIN | ACK, pattern(1000, 1000), seq=start + 1000)
    h.nothing()
    c.tell(ACK, pattern(1000), seq=start)
    h.expect(pattern(2000))
    h.eof()
    c.seq = (start + 2001) & M32
    c.expect_ack()


@case(1)
def fin_beyond_the_window(t):
    c, h = t.pair()
    c.tell(FIN | ACK, seq=c.seq + c.their_win + 100000)
    c.expect_ack(within=0.5)
    h.nothing()
    c.alive(h)


@case(0)
def fin_repeated(t):
    """The guest's FIN again: acknowledged again."""
    c, h = t.pair()
    c.fin()
    c.expect_ack()
    for _ in range(3):
        c.forget_heard()
        c.tell(FIN | ACK, seq=c.seq - 1)
        c.expect_ack(within=0.5)
    h.say(b'still')
    if c.take(5) != b'still':
        raise Fail('other bytes')


@case(0)
def fin_retransmitted(t):
    """The engine's FIN again when nobody acknowledges it."""
    c, h = t.pair()
    h.finish()
    first = c.expect_fin()
    again = c.expect_fin(2)
    if first.seq != again.seq:
        raise Fail('another sequence number')


@case(0)
def data_after_fin(t):
    """What stands behind a FIN is nobody's data."""
    c, h = t.pair()
    c.fin()
    h.eof()
    c.tell(ACK | PSH, b'too late')
    c.tell(FIN | ACK | PSH, b'too late')
    t.wait(0.15)
    if h.read() not in (b'',):
        raise Fail('the host got data after the end')
    c.forget_heard()
    h.say(b'fine')
    c.take(4)


@case(0)
def half_closed_by_guest(t):
    """The host says much after the guest has finished."""
    c, h = t.pair()
    c.fin()
    h.eof()
    h.say(pattern(50000))
    if c.take(50000) != pattern(50000):
        raise Fail('other bytes')
    h.close()
    c.expect_fin()
    c.ack()
    c.over = True


@case(0)
def half_closed_by_host(t):
    """The guest says much after the host has finished."""
    c, h = t.pair()
    h.finish()
    c.expect_fin()
    c.ack()
    c.data(pattern(50000))
    h.expect(pattern(50000))
    c.fin()
    h.eof()
    c.expect_ack()
    c.over = True


@case(0)
def host_closed_for_good(t):
    """Data for a host that has closed both ways is reset."""
    c, h = t.pair()
    h.close()
    c.expect_fin()
    c.ack()
    c.data(b'anybody?')
    t.wait(0.1)
    if not any(c.owns(f) and f.has(RST) for f in t.inbox):
        c.data(b'anybody?')
        c.expect_rst(1.5)
    c.over = True


@case(0)
def rst_exact(t):
    """RFC 9293 3.10.7.4, second: the host sees a reset; nothing is answered, then or after."""
    for flags in (RST, RST | ACK):
        c, h = t.pair()
        c.tell(flags)
        h.reset()
        c.over = True
        c.forget_heard()
        c.silence(0.1)
        c.ack()
        c.expect_rst(seq=c.rcv)


@case(0)
def rst_in_window(t):
    """RFC 5961 3.2: a challenge, no reset."""
    c, h = t.pair()
    for flags in (RST, RST | ACK):
        c.forget_heard()
        c.tell(flags, seq=c.seq + 1000)
        f = c.expect(within=0.5, what='a challenge ACK')
        if not f.has(ACK) or f.ack != c.seq or f.flags & RST:
            raise Fail('not a challenge: ' + describe(f.raw))
    h.nothing(0.05)
    c.alive(h)


@case(0)
def rst_out_of_window(t):
    c, h = t.pair()
    for seq in (c.seq - 1, c.seq - 100000, c.seq + c.their_win + 100000, c.seq + 0x7FFFFFFF):
        c.forget_heard()
        c.tell(RST, seq=seq)
        c.silence(0.05, lambda f: f.has(RST), 'a RST answered with RST')
    h.nothing(0.05)
    c.alive(h)


@case(1)
def rst_after_data(t):
    """Data and a RST in one batch: the host sees a reset, and the data first or not at all."""
    c, h = t.pair()
    c.data(b'last words')
    c.rst()
    end = t.now() + 2
    while t.now() < end:
        piece = h.read()
        if isinstance(piece, OSError):
            c.over = True
            return
        if piece == b'':
            raise Fail('the host saw an orderly end')
        t.poll(0.01)
    raise Fail('the host saw no end')


@case(1)
def rst_then_syn(t):
    """A reset and a new SYN of the same ports in one batch: the new connection stands."""
    listener = t.listen()
    c = t.conn(listener).open()
    h = t.accept(listener)
    c.rst()
    c.over = True
    d = t.conn(listener, sport=c.sport, iss=c.seq + 100000)
    c.owns = lambda f: False
    d.open()
    h.reset()
    d.alive(t.accept(listener))


@case(0)
def syn_in_window(t):
    """RFC 5961 4.2: a challenge, whatever its number."""
    c, h = t.pair()
    for seq in (c.seq, c.seq + 500, c.iss, c.seq - 100000):
        c.forget_heard()
        c.tell(SYN, seq=seq, opts=mss(MSS))
        f = c.expect(within=0.5, what='a challenge ACK')
        if f.flags & (RST | SYN) or f.ack != c.seq:
            raise Fail('not a challenge: ' + describe(f.raw))
    c.forget_heard()
    c.tell(SYN | ACK, seq=c.iss, opts=mss(MSS))
    f = c.expect(within=0.5, what='a challenge ACK')
    if f.flags & (RST | SYN):
        raise Fail('not a challenge: ' + describe(f.raw))
    h.nothing(0.05)
    c.alive(h)


@case(0)
def christmas_tree(t):
    """All flags, and none, within a connection: nothing delivered that should not be."""
    c, h = t.pair()
    c.tell(SYN | FIN | PSH | URG | ECE | CWR, b'tree', urg=3)
    c.tell(0, b'none')
    h.nothing()
    c.forget_heard()
    c.alive(h)


@case(0)
def host_resets(t):
    """A RST of the host is a RST to the guest, and not a FIN."""
    c, h = t.pair()
    h.abort()
    f = c.expect(lambda f: f.flags & (RST | FIN), what='RST')
    if not f.has(RST) or f.seq != c.rcv:
        raise Fail(describe(f.raw))
    c.over = True


@case(1)
def host_resets_with_data_in_flight(t):
    """RFC 9293 3.10.5: a guest that has less than was sent must still believe the RST."""
    c, h = t.pair()
    h.say(pattern(5 * MSS))
    t.wait(0.05)
    h.abort()
    sent = max(((f.end - c.rcv) & M32 for f in t.inbox if c.owns(f) and f.data), default=0)
    f = c.expect_rst()
    if (f.seq - c.rcv) & M32 not in (0, sent):
        raise Fail('RST at %d, %d bytes were sent' % ((f.seq - c.rcv) & M32, sent))


@case(1)
def time_wait_port_again(t):
    """RFC 9293 3.6.1, RFC 6191: a SYN beyond the old numbers opens a new connection at once."""
    listener = t.listen()
    c = t.conn(listener).open()
    h = t.accept(listener)
    h.finish()
    c.expect_fin()
    c.ack()
    c.fin()
    h.eof()
    c.expect_ack()
    h.close()
    c.over = True
    d = t.conn(listener, sport=c.sport, iss=c.seq + 100000)
    c.owns = lambda f: False
    d.open()
    if not before(c.rcv, d.irs):
        raise Fail('our numbers begin %d before the end of the old ones' % ((c.rcv - d.irs) & M32))
    d.alive(t.accept(listener))


@case(1)
def fin_wait_reset(t):
    """A guest that was closed to and resets ends it for both."""
    c, h = t.pair()
    h.finish()
    c.expect_fin()
    c.ack()
    c.rst()
    c.over = True
    h.reset()


# -- addresses


@case(0)
def land(t):
    """From the gateway to itself, same port."""
    listener = t.listen()
    port = listener.getsockname()[1]
    seg = tcp4(port, port, 1, 0, SYN, opts=mss(MSS), src=GATEWAY, dst=GATEWAY)
    t.send(ip4(seg, 6, GATEWAY, GATEWAY))
    seg = tcp4(port, port, 1, 0, SYN, opts=mss(MSS), src=GUEST, dst=GUEST)
    t.send(ip4(seg, 6, GUEST, GUEST))
    t.nobody(listener)


@case(0)
def sources_spoofed(t):
    """Only addresses of the guest's own subnet."""
    listener = t.listen()
    for src in ('8.8.8.8', '127.0.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1', '10.0.2.255',
                '169.254.1.1', '240.0.0.1', GATEWAY):
        seg = tcp4(4711, listener.getsockname()[1], 1, 0, SYN, opts=mss(MSS), src=src)
        t.send(ip4(seg, 6, src))
    t.nobody(listener)


@case(0)
def destinations_for_groups(t):
    """TCP to groups and broadcasts: silence."""
    listener = t.listen()
    for dst in ('224.0.0.1', '239.1.1.1', '255.255.255.255', '10.0.2.255', '10.0.2.0', '0.0.0.0'):
        seg = tcp4(4712, listener.getsockname()[1], 1, 0, SYN, opts=mss(MSS), dst=dst)
        for to in (None, BROADCAST):
            t.send(ip4(seg, 6, GUEST, dst), to=to)
    t.nobody(listener)
    t.silence(0.02, lambda f: f.kind == 'tcp' and f.dport == 4712, 'an answer')


@case(0)
def frames_for_groups(t):
    """RFC 1122 3.3.6: TCP in a broadcast frame is not for anybody."""
    listener = t.listen()
    for to in (BROADCAST, bytes.fromhex('01005e000001')):
        seg = tcp4(4713, listener.getsockname()[1], 1, 0, SYN, opts=mss(MSS))
        t.send(ip4(seg, 6), to=to)
    t.nobody(listener)


@case(0)
def no_errors_about_frames_for_groups(t):
    """RFC 1122 3.2.2: nobody is told that what was sent to everybody found nobody."""
    s, port = udp_pair(t)
    s.close()
    for to in (BROADCAST, bytes.fromhex('01005e000001')):
        t.send(ip4(udp4(5008, port, b'anybody?'), 17), to=to)
        t.send(ip4(bytes(24), 253), to=to)
    t.silence(0.2, lambda f: f.kind == 'icmp', 'an error')


@case(0)
def frames_for_others(t):
    """A frame to another machine is not ours."""
    listener = t.listen()
    seg = tcp4(4714, listener.getsockname()[1], 1, 0, SYN, opts=mss(MSS))
    t.send(ip4(seg, 6), to=bytes.fromhex('020000000077'))
    t.nobody(listener)
    t.send(ip4(echo4(1, 1, b'not yours'), 1), to=bytes.fromhex('020000000077'))
    t.silence(0.1, lambda f: f.kind == 'icmp', 'an echo reply')


@case(0)
def port_0(t):
    """Nobody listens there: it is closed like any other."""
    closed = t.closed_port()
    for sport, dport in ((0, closed), (4715, 0), (0, 0)):
        t.ip(tcp4(sport, dport, 1, 0, SYN, opts=mss(MSS)), 6)
        t.expect(lambda f: f.has(RST | ACK) and (f.sport, f.dport, f.ack) == (dport, sport, 2), 0.5, 'RST')
        t.ip(tcp4(sport, dport, 1, 0, RST), 6)
        t.silence(0.05, lambda f: f.kind == 'tcp', 'an answer to a RST')


@case(1)
def protocols_unknown(t):
    """RFC 1122 3.2.2.1: protocol unreachable, or silence."""
    for proto in (0, 2, 4, 41, 47, 132, 136, 255):
        t.ip(b'\0' * 24, proto)
    t.silence(0.1, lambda f: f.kind not in ('icmp', 'arp'), 'something')


# -- ICMP


def fragments(t, payload, proto, size, order=None, ident=None):
    ident = random.randrange(65536) if ident is None else ident
    parts = [(i, payload[i:i + size]) for i in range(0, len(payload), size)]
    frames = [ip4(p, proto, ident=ident, frag=i // 8 | (0x2000 if i + size < len(payload) else 0))
              for i, p in parts]
    for i in order or range(len(frames)):
        t.send(frames[i])


def reply(t, ident, number, data, within=1.0):
    """The echo reply, put together if it came in fragments."""
    pieces = {}

    def whole(f):
        if f.kind == 'icmp' and f.icmp == 0 and f.data == struct.pack('!HH', ident, number) + data:
            return True
        if f.kind == 'fragment' and f.proto == 1:
            pieces[(f.frag & 0x1FFF) * 8] = f.payload
            joined = b''.join(pieces[k] for k in sorted(pieces))
            return len(joined) == len(data) + 8 and joined[8:] == data and joined[0] == 0
        return False
    t.expect(whole, within, 'an echo reply of %d bytes' % len(data))


@case(0)
def ping_sizes(t):
    for n in (0, 1, 55, 56, 1000, 1471, 1472):
        t.ip(echo4(7, n, pattern(n)), 1)
        reply(t, 7, n, pattern(n))


@case(0)
def ping_type_of_service(t):
    """RFC 1349 5.1: the reply's is the request's."""
    for tos in (0x1c, 0xb8):
        t.ip(echo4(7, tos, b'tos'), 1, tos=tos)
        f = t.expect(lambda f: f.kind == 'icmp' and f.icmp == 0, 0.5, 'an echo reply')
        if f.raw[15] != tos:
            raise Fail('type of service %02x, not %02x' % (f.raw[15], tos))


@case(0)
def ping_in_fragments(t):
    """In order, last first, reversed, shuffled, each twice."""
    n = 5000
    body = echo4(8, 1, pattern(n))
    for order in (None, [3, 0, 1, 2], [3, 2, 1, 0], [1, 3, 0, 2], [0, 0, 1, 1, 2, 2, 3, 3]):
        fragments(t, body, 1, 1480, order)
        reply(t, 8, 1, pattern(n))


@case(1)
def ping_of_65507(t):
    body = echo4(9, 1, pattern(65507))
    fragments(t, body, 1, 1480)
    reply(t, 9, 1, pattern(65507), 2)


@case(0)
def fragment_last_alone(t):
    """One packet that killed another engine: only the last fragment."""
    t.ip(b'\0' * 44, 17, frag=155)
    t.ip(b'\0' * 44, 1, frag=155)
    t.ip(b'\0' * 44, 6, frag=155)
    t.silence(0.1, lambda f: f.kind == 'icmp', 'an answer')


@case(0)
def fragments_overlapping(t):
    """RFC 5722's rule, which Linux applies to IPv4, too: overlapping fragments are no packet."""
    body = echo4(10, 1, bytes(3000))
    for lie in (b'\xff' * 1480, b'\xff' * 800):
        ident = random.randrange(65536)
        t.ip(body[:1480], 1, ident=ident, frag=0x2000)
        t.ip(lie, 1, ident=ident, frag=0x2000 | 100)
        t.ip(body[1480:2960], 1, ident=ident, frag=0x2000 | 185)
        t.ip(body[2960:], 1, ident=ident, frag=370)
    t.silence(0.2, lambda f: f.kind in ('icmp', 'fragment'), 'an answer')


@case(0)
def ping_of_death(t):
    """Beyond 65535."""
    ident = 4242
    t.ip(echo4(11, 1, bytes(1472)), 1, ident=ident, frag=0x2000)
    t.ip(bytes(1480), 1, ident=ident, frag=8189)
    t.ip(bytes(1480), 1, ident=ident, frag=0x2000 | 8189)
    t.ip(bytes(1480), 1, ident=ident, frag=8191)
    t.silence(0.1, lambda f: f.kind in ('icmp', 'fragment') and getattr(f, 'icmp', 0) == 0, 'an answer')


@case(0)
def teardrop(t):
    """A second fragment inside the first, negative lengths, fragments of nothing."""
    for first, second, at in ((36, 4, 3), (36, 24, 1), (1480, 8, 2)):
        ident = random.randrange(65536)
        t.ip(udp4(99, 98, bytes(first - 8)), 17, ident=ident, frag=0x2000)
        t.ip(bytes(second), 17, ident=ident, frag=at)
    t.ip(b'', 17, frag=0x2000)
    t.ip(b'', 17, frag=5)
    t.ip(b'\0' * 13, 17, frag=0x2000)
    t.silence(0.1, lambda f: f.kind not in ('arp', 'icmp', 'tcp'), 'an answer')


@case(1)
def fragment_flood(t):
    """Packets that are never finished keep nobody from having theirs reassembled."""
    for i in range(500):
        t.ip(bytes(1480), 17, ident=i, frag=0x2000)
    body = echo4(12, 1, pattern(4000))
    fragments(t, body, 1, 1480, ident=60000)
    reply(t, 12, 1, pattern(4000))


@case(2)
def fragments_time_out(t):
    """RFC 1122 3.3.2: time exceeded, code 1, if the first fragment came."""
    t.timing_out = b'\0\x4d'
    t.ip(echo4(13, 1, bytes(1472)), 1, ident=0x4d, frag=0x2000)
    f = t.expect(lambda f: f.kind == 'icmp' and f.icmp == 11, 65, 'time exceeded')
    if f.code != 1:
        raise Fail('code %d' % f.code)


@case(0)
def icmp_malformed(t):
    t.ip(echo4(14, 1, b'bad sum', bad_sum=True), 1)
    for n in range(8):
        t.ip(echo4(14, 2, b'')[:n], 1)
    for kind, code in ((0, 0), (8, 0), (255, 255), (13, 0), (17, 0), (5, 1), (3, 3), (3, 4), (11, 0)):
        if (kind, code) != (8, 0):
            t.ip(echo4(14, 3, b'', kind=kind, code=code), 1)
    t.silence(0.15, lambda f: f.kind == 'icmp' and f.icmp != 14, 'an answer')


@case(0)
def ping_for_groups(t):
    """RFC 1122 3.2.2.6: echo to a broadcast or group is not answered; nor about errors."""
    for dst, to in (('10.0.2.255', BROADCAST), ('255.255.255.255', BROADCAST), ('224.0.0.1', BROADCAST),
                    ('10.0.2.255', None)):
        t.send(ip4(echo4(15, 1, b'smurf'), 1, dst=dst), to=to)
    t.silence(0.15, lambda f: f.kind == 'icmp', 'an answer')


# -- UDP


def udp_pair(t):
    s = t.listen(socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    return s, s.getsockname()[1]


def datagram(t, s, within=1.0):
    end = time.monotonic() + within
    while True:
        try:
            return s.recvfrom(70000)
        except BlockingIOError:
            if time.monotonic() > end:
                return None, None
            t.poll(0.005)


def delivered(t, s, data, port, src_port):
    got, who = datagram(t, s)
    if got != data:
        raise Fail('the server got %r' % (got and got[:60]))
    s.sendto(data, who)
    f = t.expect(lambda f: f.kind == 'udp' and (f.sport, f.dport) == (port, src_port), 1, 'the echo')
    if f.data != data:
        raise Fail('the guest got %r' % f.data[:60])


@case(0)
def udp_whole(t):
    s, port = udp_pair(t)
    for n in (1, 0, 100, 1472):
        t.ip(udp4(5001, port, pattern(n)), 17)
        delivered(t, s, pattern(n), port, 5001)


@case(0)
def udp_length_lies(t):
    """Below 8 or beyond the packet: dropped; below the packet: the rest is padding."""
    s, port = udp_pair(t)
    for n in (0, 1, 4, 7, 30, 1000, 65535):
        t.ip(udp4(5002, port, b'0123456789', length=n, no_sum=True), 17)
        t.ip(udp4(5002, port, b'0123456789', length=n), 17)
    for n in range(8):
        t.ip(udp4(5002, port, b'')[:n], 17)
    got, _ = datagram(t, s, 0.2)
    if got is not None:
        raise Fail('the server got %r' % got)
    t.ip(udp4(5002, port, b'0123456789', length=12, no_sum=True), 17)
    delivered(t, s, b'0123', port, 5002)


@case(0)
def udp_checksums(t):
    """Zero is none; a wrong one is dropped."""
    s, port = udp_pair(t)
    t.ip(udp4(5003, port, b'wrong', bad_sum=True), 17)
    t.ip(udp4(5003, port, b'none', no_sum=True), 17)
    delivered(t, s, b'none', port, 5003)


@case(0)
def udp_port_0(t):
    """To it: closed. From it: RFC 768 lets one send so who wants no answer."""
    s, port = udp_pair(t)
    t.ip(udp4(5004, 0, b'to nobody'), 17)
    t.expect(lambda f: f.kind == 'icmp' and (f.icmp, f.code) == (3, 3), 0.5, 'port unreachable')
    t.ip(udp4(0, port, b'from nobody'), 17)
    if datagram(t, s)[0] != b'from nobody':
        raise Fail('a datagram without a source port did not arrive')
    t.ip(udp4(5004, port, b'fine'), 17)
    delivered(t, s, b'fine', port, 5004)


@case(0)
def udp_65507(t):
    """In fragments, last first, and back."""
    s, port = udp_pair(t)
    body = udp4(5005, port, pattern(65507))
    count = (len(body) + 1479) // 1480
    fragments(t, body, 17, 1480, order=[count - 1] + list(range(count - 1)))
    got, who = datagram(t, s)
    if got != pattern(65507):
        raise Fail('the server got %r bytes' % (got and len(got)))
    s.sendto(got, who)
    pieces = {}

    def whole(f):
        if f.kind == 'udp' and f.dport == 5005:
            return f.data == pattern(65507)
        if f.kind == 'fragment' and f.proto == 17:
            pieces[(f.frag & 0x1FFF) * 8] = f.payload
            return b''.join(pieces[k] for k in sorted(pieces))[8:] == pattern(65507)
        return False
    t.expect(whole, 2, 'the datagram back')


@case(0)
def udp_groups_and_strangers(t):
    """Broadcasts and foreign sources reach nobody."""
    s, port = udp_pair(t)
    for dst in ('10.0.2.255', '255.255.255.255', '224.0.0.251'):
        t.send(ip4(udp4(5006, port, b'all', dst=dst), 17, dst=dst), to=BROADCAST)
    for src in ('8.8.8.8', '127.0.0.1', '224.0.0.1', '255.255.255.255'):
        t.ip(udp4(5006, port, b'spoofed', src=src), 17, src=src)
    got, _ = datagram(t, s, 0.2)
    if got is not None:
        raise Fail('the server got %r' % got)
    t.silence(0.02, lambda f: f.kind == 'icmp', 'an ICMP error about a broadcast')


@case(0)
def udp_port_unreachable(t):
    """RFC 1122 3.2.2.1: quoting at least the IP header and eight bytes."""
    s, port = udp_pair(t)
    s.close()
    packet = ip4(udp4(5007, port, b'anybody?'), 17)
    t.send(packet)
    f = t.expect(lambda f: f.kind == 'icmp' and f.icmp == 3, 1.5, 'port unreachable')
    quoted = f.data[4:]
    if f.code != 3 or quoted[12:20] != packet[12:20] or quoted[20:] != packet[20:]:
        raise Fail('it quotes %s' % quoted.hex())
    if checksum(quoted[:20]) or quoted[2:4] != packet[2:4] or quoted[9] != packet[9]:
        raise Fail('it quotes another header: %s' % quoted.hex())


# -- ARP


def asks(t, target, sender=GUEST, op=1, to=BROADCAST, **fields):
    t.send(arp(op, MAC, sender, b'\0' * 6, target, **fields), 0x806, to)


@case(0)
def arp_for_the_gateway(t):
    """RFC 826; to all, or to it alone."""
    for to in (BROADCAST, None):
        asks(t, GATEWAY, to=to)
        f = t.expect(lambda f: f.kind == 'arp' and f.op == 2, 0.5, 'an ARP reply')
        if (f.sender, f.target, f.target_mac) != (GATEWAY, GUEST, MAC) or f.sender_mac != t.mac or f.to != MAC:
            raise Fail('a wrong reply: %s' % f.raw.hex())


@case(0)
def arp_for_others(t):
    """Not for another machine's address, nor for the asker's own."""
    asks(t, OTHER)
    asks(t, GUEST)
    asks(t, '8.8.8.8')
    t.silence(0.15, lambda f: f.kind == 'arp' and f.op == 2, 'an ARP reply')


@case(0)
def arp_probes(t):
    """RFC 5227 2.1.1: a probe for an address of ours is answered, any other is not."""
    asks(t, GUEST, sender='0.0.0.0')
    asks(t, OTHER, sender='0.0.0.0')
    t.silence(0.15, lambda f: f.kind == 'arp' and f.op == 2, 'an ARP reply')
    asks(t, GATEWAY, sender='0.0.0.0')
    f = t.expect(lambda f: f.kind == 'arp' and f.op == 2, 0.5, 'an ARP reply')
    if f.sender != GATEWAY:
        raise Fail('a wrong reply: %s' % f.raw.hex())


@case(0)
def arp_from_nobody(t):
    """Like Linux: an asker with an address that no machine has, or the gateway's, is not answered."""
    for sender in ('127.0.0.1', '224.0.0.1', '255.255.255.255', '10.0.2.255', GATEWAY):
        asks(t, GATEWAY, sender=sender)
    t.silence(0.2, lambda f: f.kind == 'arp' and f.op == 2, 'an ARP reply')


@case(0)
def arp_malformed(t):
    """Wrong operations, types, lengths; cut short."""
    for op in (0, 2, 3, 8, 9, 65535):
        asks(t, GATEWAY, op=op)
    asks(t, GATEWAY, hw=7)
    asks(t, GATEWAY, proto=0x86DD)
    asks(t, GATEWAY, hlen=8)
    asks(t, GATEWAY, plen=16)
    for n in range(28):
        t.send(arp(1, MAC, GUEST, b'\0' * 6, GATEWAY)[:n], 0x806, BROADCAST)
    t.silence(0.2, lambda f: f.kind == 'arp' and f.op == 2, 'an ARP reply')


@case(0)
def arp_padded(t):
    """Ethernet pads ARP to 60 bytes."""
    t.send(arp(1, MAC, GUEST, b'\0' * 6, GATEWAY) + b'\xaa' * 18, 0x806, BROADCAST)
    t.expect(lambda f: f.kind == 'arp' and f.op == 2, 0.5, 'an ARP reply')


@case(1)
def arp_for_somebody_elses_frame(t):
    """A question in a frame for another machine."""
    asks(t, GATEWAY, to=bytes.fromhex('020000000077'))
    t.silence(0.1, lambda f: f.kind == 'arp' and f.op == 2, 'an ARP reply')


@case(1)
def arp_claims_the_gateway(t):
    """Who says that the gateway's address is his is not believed."""
    t.send(arp(2, MAC, GATEWAY, BROADCAST, GATEWAY), 0x806, BROADCAST)
    t.send(arp(1, MAC, GATEWAY, b'\0' * 6, GATEWAY), 0x806, BROADCAST)
    t.wait(0.05)
    c, h = t.pair()
    c.alive(h)


# -- frames


@case(0)
def vlan_tags(t):
    """A tagged frame belongs to another network."""
    listener = t.listen()
    packet = ip4(tcp4(4716, listener.getsockname()[1], 1, 0, SYN, opts=mss(MSS)), 6)
    t.send(struct.pack('!HH', 5, 0x800) + packet, 0x8100)
    t.send(struct.pack('!HHHH', 5, 0x8100, 6, 0x800) + packet, 0x88A8)
    t.nobody(listener)


@case(0)
def runts(t):
    """Short frames of every type that somebody reads."""
    for kind in (0x800, 0x806, 0x86DD, 0x8100, 0x88A8, 0x88F8, 0, 0xFFFF, 60):
        for n in (0, 1, 2, 4, 8, 13, 19, 20, 27, 39):
            t.send(b'\x45' + b'\0' * (n - 1) if n else b'', kind)
    t.silence(0.1, lambda f: f.kind != 'arp', 'an answer')


@case(1)
def jumbo_frames(t):
    """A guest that raised its own MTU: nothing breaks, and the data may even arrive."""
    t.mtu(9000)
    try:
        c, h = t.pair()
        c.tell(ACK | PSH, pattern(8000))
        t.wait(0.2)
        c.data(pattern(8000))
        h.expect(pattern(8000))
        t.ip(echo4(16, 1, bytes(8000)), 1)
        t.wait(0.1)
    finally:
        t.mtu(1500)
    c.forget_heard()
    c.alive(h)


@case(1)
def source_mac_of_a_group(t):
    """No machine sends from there; nothing breaks, nothing is learned."""
    for by in (BROADCAST, bytes.fromhex('01005e000001'), b'\0' * 6):
        t.raw(t.mac + by + b'\x08\x00' + ip4(echo4(17, 1, b'who'), 1))
    t.wait(0.1)
    t.ip(echo4(17, 2, b'me'), 1)
    reply(t, 17, 2, b'me')


@case(1)
def garbage(t):
    """Two thousand frames of chance, and good ones with bits turned over."""
    rnd = random.Random(11)
    c, h = t.pair()
    good = [ip4(tcp4(c.sport, c.dport, c.seq, c.rcv, ACK), 6), ip4(udp4(9, 9, b'x' * 30), 17),
            ip4(echo4(1, 1, b'y' * 30), 1), arp(1, MAC, '10.0.2.160', b'\0' * 6, GATEWAY)]
    for i in range(2000):
        base = bytearray(rnd.choice(good))
        for _ in range(rnd.randrange(1, 6)):
            base[rnd.randrange(len(base))] = rnd.randrange(256)
        cut = bytes(base[:rnd.randrange(1, len(base) + 1)]) if i % 3 == 0 else bytes(base)
        t.send(cut, rnd.choice((0x800, 0x806, 0x86DD, 0x800)))
        if i % 100 == 99:  # the device holds a thousand frames
            t.ip(echo4(18, i, b'there?'), 1)
            reply(t, 18, i, b'there?')


# -- more of everything


@case(0)
def initial_sequence_numbers(t):
    """RFC 6528: no pattern from one port to the next."""
    listener = t.listen()
    seen = []
    for _ in range(16):
        c = t.conn(listener)
        c.syn()
        seen.append(c.synack().seq)
    steps = {((b - a) & M32) >> 20 for a, b in zip(seen, seen[1:])}
    if len(set(seen)) < 16 or len(steps) < 10:
        raise Fail('initial sequence numbers %s' % seen)


@case(1)
def syn_flood(t):
    """Two thousand connections that are never finished hold up nobody for long."""
    listener = t.listen()
    many = [t.conn(listener) for _ in range(2000)]
    for i, c in enumerate(many):
        c.syn()
        if i % 200 == 0:
            t.poll(0.002)
    start = t.now()
    while True:  # the peer's own kernel would repeat a SYN that was lost
        c = t.conn(t.listen())
        try:
            c.open()
            break
        except Fail:
            if t.now() - start > 5:
                raise
    if t.now() - start > 3:
        raise Fail('a new connection took %.1f s' % (t.now() - start))
    for c in many:
        c.irs, c.seq = 1, (c.iss + 1) & M32


@case(0)
def connections_in_plenty(t):
    """Two hundred that talk at the same time."""
    listener = t.listen()
    many = [t.conn(listener) for _ in range(200)]
    for c in many:
        c.syn()
    for c in many:
        c.synack(3)
        c.data(b'I am %d' % c.sport)
    hosts = [t.accept(listener) for _ in many]
    t.wait(0.1)
    got = {h.read() for h in hosts}
    missing = {b'I am %d' % c.sport for c in many} - got
    if missing:
        raise Fail('%d of 200 lost' % len(missing))


@case(0)
def keepalive_answered(t):
    """RFC 1122 4.2.3.6: a probe below the expected number, with or without a byte, is answered."""
    c, h = t.pair()
    c.data(b'12345')
    h.expect(b'12345')
    c.expect_ack()
    for data in (b'', b'\0'):
        c.forget_heard()
        c.tell(ACK, data, seq=c.seq - 1)
        c.expect_ack(within=0.3)
    h.nothing(0.05)
    c.alive(h)


@case(0)
def acknowledged_soon(t):
    """RFC 1122 4.2.3.2: within half a second; like Linux within 0.2 s."""
    c, h = t.pair()
    for i in range(25):
        c.forget_heard()
        c.data(pattern(100, i))
        c.expect_ack(within=0.2)
    h.expect(b''.join(pattern(100, i) for i in range(25)))


@case(1, linux='out of its quick mode it measures what the reader takes, and acknowledges by time')
def every_second_segment_acknowledged(t):
    """RFC 9293 3.8.6.3."""
    c, h = t.pair()
    c.data(pattern(20 * MSS))
    h.expect(pattern(20 * MSS))
    c.expect_ack()
    c.forget_heard()
    for _ in range(20):
        c.data(pattern(MSS))
        t.wait(0.004)
    t.wait(0.1)
    n = len([f for f in t.inbox if c.owns(f) and f.has(ACK)])
    if n < 9:
        raise Fail('%d ACKs for 20 full segments' % n)


@case(0)
def sack_absurd(t):
    """RFC 2018: blocks of nothing, reversed, beyond what was sent, with the least MSS."""
    c, h = t.pair(opts=mss(48) + b'\4\2\1\1')
    h.say(pattern(3000))
    t.wait(0.03)
    c.forget_heard()
    base = c.rcv
    for left, right in ((0, 0), (100, 50), (5, 6), (1 << 20, 2 << 20), (-500, -100), (8, 9), (0, 3000),
                        (10, 20), (0x7FFFFFFF, 0x80000001)):
        block = struct.pack('!II', (base + left) & M32, (base + right) & M32)
        for n in (1, 2, 3, 4):
            c.ack(opts=b'\1\1' + bytes([5, 2 + 8 * n]) + block * n)
    if c.take(3000, 4) != pattern(3000):
        raise Fail('other bytes')
    c.alive(h)


@case(1)
def timestamps_of_the_past(t):
    """RFC 7323 5: with timestamps agreed, an old one is dropped; without, the option is nothing."""
    listener = t.listen()
    c = t.conn(listener)

    def stamp(n):
        return b'\1\1' + struct.pack('!BBII', 8, 10, n, 0)
    c.syn(opts=mss(MSS) + stamp(100000))
    f = c.synack()
    c.ack(opts=stamp(100001))
    h = t.accept(listener)
    c.tell(ACK | PSH, b'old', opts=stamp(50000))
    if 8 in f.opts:
        h.nothing()
        c.data(b'new', opts=stamp(100002))
        h.expect(b'new')
    else:
        h.expect(b'old')
        c.seq = (c.seq + 3) & M32
        c.alive(h)


@case(0)
def end_waits_for_the_window(t):
    """Data and an end, into a closed window: both come when it opens."""
    c, h = t.pair(win=0)
    h.say(pattern(3000))
    h.finish()
    t.wait(0.3)
    c.forget_heard()
    c.win = 65535
    c.ack()
    if c.take(3000, 2, acks=False) != pattern(3000):
        raise Fail('other bytes')
    c.ack()
    if not any(f[1] == '<' and 'FIN' in describe(f[2]) for f in t.log):
        c.expect_fin()
    c.over = True


@case(1)
def end_into_a_closed_window(t):
    """An end without data needs no window; at the latest it comes when there is one."""
    c, h = t.pair(win=0)
    h.finish()
    t.wait(0.4)
    c.ack(win=65535)
    t.wait(0.6)
    if not any(f[1] == '<' and 'FIN' in describe(f[2]) for f in t.log):
        raise Fail('no FIN')


@case(0)
def rst_with_data(t):
    """RFC 9293 3.5.3: text in a RST is words for people."""
    c, h = t.pair()
    c.tell(RST, b'go away')
    c.over = True
    h.reset()


@case(0)
def rst_while_the_host_sends(t):
    c, h = t.pair()
    h.say(bytes(500000))
    c.take(20000)
    c.rst()
    c.over = True
    end = t.now() + 2
    while not isinstance(h.read(), OSError):
        if t.now() > end:
            raise Fail('the host saw no reset')
        t.poll(0.01)


@case(1)
def rst_while_the_host_does_not_read(t):
    """The host's buffer is full when the guest resets."""
    c, h = t.pair(rcvbuf=4096)
    c.data(pattern(min(50000, (c.edge - c.seq) & M32)))
    t.wait(0.1)
    c.rst()
    c.over = True
    t.wait(0.1)
    while (piece := h.read()) is not None and isinstance(piece, bytes):
        if piece == b'':
            raise Fail('the host saw an orderly end')
    h.reset(0.5) if piece is None else None


@case(1)
def chaos(t):
    """Both ways at once, the guest's segments shuffled, cut anew and repeated, its ACKs at random."""
    rnd = random.Random(5)
    c, h = t.pair()
    text, base = pattern(120000), c.seq
    h.say(text)
    got, heard, early, done = b'', b'', {}, 0
    end = t.now() + 20
    while t.now() < end and (len(got) < len(text) or len(heard) < len(text)):
        room = min(len(text), (c.edge - base) & M32)
        acked = max((0 if c.edge is None else ((c.edge - c.their_win - base) & M32)), 0)
        low = acked if acked <= len(text) else 0
        for _ in range(8):
            a = rnd.randrange(max(0, low - 2000), max(low + 1, min(room, low + 20000)))
            n = rnd.randrange(1, MSS)
            if a < len(text):
                c.tell(ACK, text[a:min(a + n, len(text), max(room, a + 1))], seq=base + a)
        if low < len(text):
            c.tell(ACK, text[low:min(low + MSS, room)], seq=base + low)
        t.poll(0.002)
        for f in [f for f in t.inbox if c.owns(f) and f.data]:
            if rnd.random() < 0.9:
                early[f.seq] = max(f.data, early.get(f.seq, b''), key=len)
        t.inbox.clear()
        moved = True
        while moved:
            moved = False
            for seq, data in list(early.items()):
                skip = (c.rcv - seq) & M32
                if skip < len(data):
                    got += data[skip:]
                    c.rcv = (seq + len(data)) & M32
                    moved = True
                if skip < 0x80000000:
                    del early[seq]
        for _ in range(rnd.randrange(4)):
            c.ack(c.rcv - rnd.choice((0, 0, 0, 1, 100)), seq=base + low, win=rnd.choice((65535, 30000, 65535)))
        while isinstance(piece := h.read(), bytes):
            heard += piece
    if got != text or heard != text:
        raise Fail('the guest got %d, the host %d of %d bytes; right so far: %s %s' % (
            len(got), len(heard), len(text), text.startswith(got), text.startswith(heard)))


# ---- the runner ---------------------------------------------------------------------------------


def setns(path):
    libc = ctypes.CDLL(None, use_errno=True)
    fd = os.open(path, os.O_RDONLY)
    try:
        if libc.setns(fd, 0x40000000):
            raise OSError(ctypes.get_errno(), 'setns ' + path)
    finally:
        os.close(fd)


class Inside:
    """For a while this thread is in another network namespace."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.home = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
        if self.path:
            setns(self.path)

    def __exit__(self, *_):
        setns('/proc/self/fd/%d' % self.home)
        os.close(self.home)


def packet_socket(netns, interface):
    """A packet socket on the guest's interface, and a way to change its MTU."""
    with Inside(netns):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)  # SO_RCVBUFFORCE
    s.setsockopt(263, 8, 1)  # PACKET_AUXDATA
    s.setsockopt(263, 23, 1)  # PACKET_IGNORE_OUTGOING
    s.bind((interface, 3))
    s.setblocking(False)

    def mtu(n):
        fcntl.ioctl(control, 0x8922, struct.pack('16sI20x', interface.encode(), n))
    return s, mtu


def find_gateway(packet):
    """Its MAC address, by asking."""
    for _ in range(100):
        packet.send(BROADCAST + MAC + b'\x08\x06' + arp(1, MAC, GUEST, b'\0' * 6, GATEWAY))
        end = time.monotonic() + 0.1
        while time.monotonic() < end:
            if select.select([packet], [], [], 0.05)[0]:
                raw = packet.recv(70000)
                if raw[12:14] == b'\x08\x06' and raw[20:22] == b'\0\2' and raw[:6] == MAC:
                    return raw[6:12]
    raise SystemExit('nobody answers ARP for ' + GATEWAY)


def start_engine(launcher, options, log):
    """An engine of our own: its process, and its guest's namespace."""
    number = '%d%06d' % (os.getpid(), random.randrange(1000000))
    engine = subprocess.Popen([launcher, 'run', '--host-loopback'] + options + ['--', 'sleep', number],
                              stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    end = time.monotonic() + 60
    while time.monotonic() < end and engine.poll() is None:
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open('/proc/%s/cmdline' % pid, 'rb') as f:
                    if f.read() == b'sleep\0' + number.encode() + b'\0':
                        return engine, '/proc/%s/ns/net' % pid
            except OSError:
                pass
        time.sleep(0.05)
    engine.kill()
    raise SystemExit('the engine did not start')


def start_oracle():
    """Two namespaces and a cable: in one the peer, in the other Linux with the gateway's address."""
    peer, server = 'raw-p%d' % os.getpid(), 'raw-s%d' % os.getpid()
    subprocess.run(['sh', '-ec', '''
        ip netns add $1; ip netns add $2
        ip netns exec $1 sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.default.disable_ipv6=1
        ip netns exec $2 sysctl -qw net.ipv4.ip_forward=0 net.ipv6.icmp.ratelimit=0 \
            net.ipv4.tcp_invalid_ratelimit=0 net.ipv4.icmp_ratelimit=0 \
            net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1
        ip -n $1 link add tap0 type veth peer name eth0 netns $2
        ip netns exec $1 ethtool -K tap0 tx off tso off gso off gro off >/dev/null
        ip netns exec $2 ethtool -K eth0 tx off tso off gso off gro off >/dev/null
        ip -n $2 addr add 10.0.2.2/24 dev eth0
        ip -n $2 addr add fd00::2/64 dev eth0 nodad
        ip -n $2 link set lo up; ip -n $2 link set eth0 up; ip -n $1 link set tap0 up
        ''', 'sh', peer, server], check=True)
    return peer, server


def attempt(t, function):
    """Runs one case and the plain connection that must work after it. Returns what was wrong."""
    said = []
    try:
        function(t)
    except Fail as e:
        said.append(str(e))
    except OSError as e:
        said.append('the case broke: %r' % e)
    frames = list(t.log)
    said += t.wrong[:3]
    try:
        t.reset()
        t.forget_routes()
        c, h = t.pair()
        c.data(b'sane?')
        h.expect(b'sane?')
        h.say(b'sane')
        c.take(4)
        c.fin()
        h.eof()
        h.close()
        c.expect_fin()
        c.ack()
        c.over = True
        said += ['afterwards: ' + w for w in t.wrong[:3]]
    except (Fail, OSError) as e:
        said.append('afterwards no plain connection: %s' % e)
        frames += t.log
    t.reset()
    return said, frames


def show(frames, most):
    skipped = len(frames) - most
    if skipped > 0:
        print('    ... %d frames before' % skipped)
    for at, way, raw in frames[-most:]:
        print('    %8.3f %s %s' % (at, way, describe(raw)))


def run(t, arguments, alive):
    rows, chosen = [], 0
    for name, level, linux, function in CASES:
        if arguments.case and not any(fnmatch.fnmatch(name, p) for p in arguments.case):
            continue
        if not arguments.case and level > arguments.level:
            continue
        if arguments.family == 6 and not any(fnmatch.fnmatch(name, p) for p in OVER_IPV6):
            continue
        chosen += 1
        if chosen % arguments.parts != arguments.part % arguments.parts:
            continue
        begin = t.now()
        said, frames = attempt(t, function)
        verdict = 'pass' if not said else 'known' if arguments.against == 'kernel' and linux else 'FAIL'
        rows.append((name, verdict, '; '.join(said)))
        print('%-5s %-40s %5.2f s  %s' % (verdict, name, t.now() - begin, '; '.join(said)), flush=True)
        if verdict == 'FAIL':
            show(frames, arguments.frames)
        if not alive():
            print('FAIL  the engine is gone')
            rows.append(('engine', 'FAIL', 'gone after ' + name))
            break
    return rows


def main():
    global MSS
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('case', nargs='*', help='names or patterns; default: by level')
    p.add_argument('--level', type=int, default=1, help='0: quick, 1: all but the slow, 2: all')
    p.add_argument('--parts', type=int, default=1, help='of how many, each with an engine of its own,')
    p.add_argument('--part', type=int, default=1, help='this is which, from 1: every so manieth case')
    p.add_argument('--netns', help='network namespace of a guest that runs')
    p.add_argument('--interface', default='tap0')
    p.add_argument('--launcher', help='start this engine; default: that of the checkout', default=os.path.join(
        os.path.dirname(os.path.abspath(__file__)), '../../../bin/slipway'))
    p.add_argument('--against', choices=['engine', 'kernel'], default='engine')
    p.add_argument('--offload', choices=['auto', 'off'], default='off')
    p.add_argument('--family', type=int, choices=[4, 6], default=4, help='of IP, for the connections')
    p.add_argument('--frames', type=int, default=24, help='how many frames of a failure to show')
    p.add_argument('--tsv', help='write name, verdict, words here')
    p.add_argument('--list', action='store_true')
    a = p.parse_args()
    if a.list:
        for name, level, _, function in CASES:
            print('%d %-40s %s' % (level, name, (function.__doc__ or '').split('\n')[0]))
        return 0
    engine, oracle, server_ns, log = None, None, None, None
    try:
        if a.against == 'kernel':
            oracle = start_oracle()
            a.netns, server_ns = '/run/netns/' + oracle[0], '/run/netns/' + oracle[1]
        elif not a.netns:
            log = open('/tmp/raw-engine-%d.log' % os.getpid(), 'w+b')
            engine, a.netns = start_engine(a.launcher, ['--offload', a.offload], log)
        s, mtu = packet_socket(a.netns, a.interface)
        ends, server = (GUEST, GATEWAY), '127.0.0.1'
        if a.family == 6:
            ends, server = (GUEST6, GATEWAY6), '::1'
            MSS = 1440
        t = Bench(s, find_gateway(s), a.against, ends[1] if oracle else server,
                  a.offload == 'off' and not oracle, lambda: Inside(server_ns), ends)
        t.mtu, t.forget_routes = mtu, lambda: None
        if oracle:
            t.forget_routes = lambda: subprocess.run(['ip', '-n', oracle[1], 'route', 'flush', 'cache'], check=True)
            t.mtu = lambda n: [subprocess.run(['ip', '-n', ns, 'link', 'set', i, 'mtu', str(n)], check=True)
                               for ns, i in zip(oracle, ('tap0', 'eth0'))]
        rows = run(t, a, lambda: engine is None or engine.poll() is None)
    finally:
        if engine:
            engine.send_signal(signal.SIGTERM)
            engine.wait(20)
        for ns in oracle or ():
            subprocess.run(['ip', 'netns', 'del', ns], check=False)
    if log:
        log.seek(0)
        words = log.read().decode(errors='replace')
        if 'LEAK' in words or 'Exception' in words:
            rows.append(('log', 'FAIL', words[-3000:]))
            print(words[-3000:])
        os.unlink(log.name)
    failed = [r for r in rows if r[1] == 'FAIL']
    print('%d cases, %d passed, %d failed: %s' % (
        len(rows), len([r for r in rows if r[1] == 'pass']), len(failed), ' '.join(r[0] for r in failed)))
    if a.tsv:
        with open(a.tsv, 'w', encoding='utf-8') as f:
            f.writelines('\t'.join(r).replace('\n', ' ') + '\n' for r in rows)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
