#!/usr/bin/env python3
"""What is answered to packets that no kernel would send, below TCP: a table.

Its lines are stimuli of ARP, IPv4, IPv6 and their ICMPs, to the gateway and to a server behind it, and what
came back of each. Every stimulus has a source address of its own on the guest's link, by which its
answers are known, so all of them are asked at once. Like raw_frames.py, whose tools it uses, it asks
Linux, which is the router and the server then, or an engine:

  raw_packets.py --against kernel > linux-packets.txt      writes the table
  raw_packets.py --expect linux-packets.txt                compares an engine with it
  raw_packets.py --expect ... --netns /proc/PID/ns/net --host NS --server NS    one that runs

A line's first word names the stimulus, its second one is "gw" or "far", and the rest are the answers:
"-" for silence, or protocol, type and code, what an error points at, who says it, and how much of the
stimulus it quotes. Runs as root. Exit status 0 when the tables are the same.
"""

import argparse
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from raw_frames import (BROADCAST, MAC, Inside, arp, checksum, echo4, ip4, packet_socket, pattern, pseudo,
                        start_engine, udp4)

GW4, FAR4, GW6, FAR6 = '10.0.2.2', '203.0.113.1', 'fd00::2', '2001:db8::1'
ALL_NODES = 'ff02::1'
ECHO_PORT = 7
LINK_LOCAL = ['fe80::1']  # the gateway's, as soon as its Ethernet address is known
STIMULI = []  # (name, where, v6, function of source and destination that makes frames)


def n6(address):
    return socket.inet_pton(socket.AF_INET6, address)


def ip6(payload, proto, src, dst, *, ttl=64, length=None, version=6, tos=0, label=0):
    length = len(payload) if length is None else length
    return struct.pack('!IHBB', version << 28 | tos << 20 | label, length, proto, ttl) + n6(src) + n6(dst) + payload


def icmp6(src, dst, kind, code=0, body=b'', bad_sum=False):
    message = struct.pack('!BBH', kind, code, 0) + body
    s = checksum(pseudo(src, dst, 58, len(message)) + message) ^ (0x5555 if bad_sum else 0)
    return message[:2] + struct.pack('!H', s) + message[4:]


def echo6(src, dst, data=b'0123456789', kind=128, code=0, **how):
    return icmp6(src, dst, kind, code, struct.pack('!HH', 0x1234, 1) + data, **how)


def udp(src, dst, data=b'0123456789', **how):
    return udp4(4000, ECHO_PORT, data, src=src, dst=dst, **how)


def ext(kind, data):
    """An extension header before which another one's name comes: a pair for chain()."""
    size = -(2 + len(data)) % 8
    return kind, data + b'\0' * size


def opts(kind, *options):
    """Options, filled up to eight bytes with padding that nobody objects to."""
    data = b''.join(options)
    left = -(2 + len(data)) % 8
    pad = b'' if left == 0 else b'\0' if left == 1 else bytes([1, left - 2]) + b'\0' * (left - 2)
    return kind, data + pad


def chain(headers, proto, payload):
    """The headers in this order, the last of which names proto. Returns the first name and the bytes."""
    name, out = proto, payload
    for kind, data in reversed(headers):
        if kind == 44:
            out = bytes([name, 0]) + data + out
        else:
            out = bytes([name, (2 + len(data)) // 8 - 1]) + data + out
        name = kind
    return name, out


def frag6(offset, more, ident=77, extra=0):
    return 44, struct.pack('!HI', offset | extra | more, ident)


def stimulus(name, make, v6=True, where='both'):
    for place in ('gw', 'far') if where == 'both' else (where,):
        STIMULI.append((name, place, v6, make))


def six(name, headers, proto=17, payload=None, where='both', **fields):
    """A datagram, or what else is given, behind extension headers."""
    def make(src, dst):
        body = payload(src, dst) if callable(payload) else payload
        if body is None:
            body = udp(src, dst) if proto == 17 else echo6(src, dst) if proto == 58 else b'\1' * 20
        first, packet = chain(headers, proto, body)
        return [ip6(packet, first, src, dst, **fields)]
    stimulus(name, make, True, where)


def pieces6(name, plan, proto=17, size=48, where='both', before=(), **fields):
    """plan: (from, to, more) of a datagram or ping, in this order; or a whole (headers, bytes)."""
    def make(src, dst):
        whole = udp(src, dst, pattern(size - 8)) if proto == 17 else echo6(src, dst, pattern(size - 8))
        out = []
        for start, end, more, *rest in plan:
            part = bytearray(whole[start:end])
            part += b'\0' * (end - start - len(part)) if end > len(whole) else b''
            said = proto
            for what in rest:
                if what == 'changed':
                    part[-1] ^= 0xFF
                elif isinstance(what, int):
                    said = what
            first, packet = chain(list(before) + [frag6(start, more)], said, bytes(part))
            out.append(ip6(packet, first, src, dst, **fields))
        return out
    stimulus(name, make, True, where)


def four(name, proto=17, payload=None, where='both', **fields):
    def make(src, dst):
        body = payload(src, dst) if callable(payload) else payload
        if body is None:
            body = udp(src, dst) if proto == 17 else echo4(0x1234, 1, b'0123456789') if proto == 1 else b'\1' * 20
        return [ip4(body, proto, src, dst, ident=77, **fields)]
    stimulus(name, make, False, where)


def pieces4(name, plan, proto=17, size=48, where='both', **fields):
    def make(src, dst):
        whole = udp(src, dst, pattern(size - 8)) if proto == 17 else echo4(0x1234, 1, pattern(size - 8))
        out = []
        for start, end, more, *rest in plan:
            part = bytearray(whole[start:end])
            part += b'\0' * (end - start - len(part)) if end > len(whole) else b''
            if 'changed' in rest:
                part[-1] ^= 0xFF
            out.append(ip4(bytes(part), proto, src, dst, ident=77, frag=start // 8 | 0x2000 * more, **fields))
        return out
    stimulus(name, make, False, where)


# ---- IPv6: extension headers --------------------------------------------------------------------

HOP, ROUTE, DST = 0, 43, 60
six('6-udp', [])
six('6-ping', [], 58)
for header, word in ((HOP, 'hop'), (DST, 'dst')):
    six('6-%s-padding' % word, [opts(header)])
    six('6-%s-pad1' % word, [(header, b'\0' * 6)])
    six('6-%s-pad1-seven' % word, [(header, b'\x1e\0' + b'\0' * 7 + b'\x1e\3\0\0\0')])
    six('6-%s-pad1-eight' % word, [(header, b'\x1e\0' + b'\0' * 8 + b'\x1e\2\0\0')])
    six('6-%s-padn-long' % word, [(header, bytes([1, 12]) + b'\0' * 12)])
    six('6-%s-padn-nonzero' % word, [(header, b'\1\4\0\0\1\0')])
    six('6-%s-router-alert' % word, [opts(header, b'\5\2\0\0')])
    six('6-%s-router-alert-length' % word, [opts(header, b'\5\3\0\0\0')])
    for kind in (0x1E, 0x5E, 0x9E, 0xDE, 0x3E):
        six('6-%s-option-%02x' % (word, kind), [opts(header, bytes([kind, 4]) + b'\1\2\3\4')])
    six('6-%s-option-9e-second' % word, [opts(header, b'\x1e\0', b'\x9e\0')])
    six('6-%s-nine-options' % word, [opts(header, *[b'\x1e\1\0'] * 9)])
    six('6-%s-option-beyond' % word, [(header, b'\x1e\x09\0\0\0\0')])
    six('6-%s-option-cut' % word, [(header, b'\1\3\0\0\0\x1e')])
    six('6-%s-cut' % word, [], header, b'\x11\x05' + b'\0' * 14)
    six('6-%s-cut-short' % word, [], header, b'\x11\0\1\2')
    six('6-%s-nothing' % word, [], header, b'')
    six('6-%s-unknown-after' % word, [opts(header)], 253)
    six('6-%s-large' % word, [(header, (b'\x1e\x1e' + b'\0' * 30) * 3 + b'\x1e\x06' + b'\0' * 6 + b'\x1e\4' + b'\0' * 4)])
six('6-dst-home-address', [opts(DST, b'\xc9\x10' + n6('fd00::9'))])
six('6-dst-tunnel-limit', [opts(DST, b'\4\1\0')])
six('6-hop-jumbo', [(HOP, b'\xc2\4' + struct.pack('!I', 65540))])
six('6-hop-jumbo-length-0', [(HOP, b'\xc2\4' + struct.pack('!I', 70000))], length=0)
six('6-hop-jumbo-small', [(HOP, b'\xc2\4' + struct.pack('!I', 30))], length=0)
six('6-hop-jumbo-length-5', [(HOP, b'\xc2\5' + b'\0' * 7 + b'\1\1\0')])
six('6-hop-hop', [opts(HOP), opts(HOP)])
six('6-dst-hop', [opts(DST), opts(HOP)])
six('6-hop-dst-route-dst', [opts(HOP), opts(DST), ext(ROUTE, b'\0\0\0\0\0\0'), opts(DST)])
six('6-dst-dst', [opts(DST), opts(DST)])
for number in (3, 7, 8, 9, 12, 30):
    six('6-dst-times-%d' % number, [opts(DST)] * number)
six('6-dst-dst-option-9e', [opts(DST), opts(DST, b'\x9e\0')])
six('6-route-0-done', [ext(ROUTE, b'\0\0\0\0\0\0')])
six('6-route-0-done-with-addresses', [ext(ROUTE, b'\0\0\0\0\0\0' + n6('fd00::9'))])
six('6-route-0-left', [ext(ROUTE, b'\0\1\0\0\0\0' + n6('fd00::9'))])
six('6-route-2-done', [ext(ROUTE, b'\2\0\0\0\0\0' + n6('fd00::9'))])
six('6-route-2-left', [ext(ROUTE, b'\2\1\0\0\0\0' + n6('fd00::9'))])
six('6-route-3-left', [ext(ROUTE, b'\3\1\0\0\0\0' + n6('fd00::9'))])
six('6-route-4-done', [ext(ROUTE, b'\4\0\0\0\0\0' + n6('fd00::9'))])
six('6-route-4-left', [ext(ROUTE, b'\4\1\1\0\0\0' + n6('fd00::9') + n6('fd00::8'))])
six('6-route-3-done', [ext(ROUTE, b'\3\0\0\0\0\0' + n6('fd00::9'))])
six('6-route-99-done', [ext(ROUTE, b'\x63\0\0\0\0\0')])
six('6-route-99-left', [ext(ROUTE, b'\x63\1\0\0\0\0')])
six('6-route-cut', [], ROUTE, b'\x11\x05\0\0' + b'\0' * 12)

# ---- IPv6: what follows -------------------------------------------------------------------------

six('6-none', [], 59, b'')
six('6-none-with-bytes', [], 59, b'\1' * 20)
for number, word in ((4, 'ipv4'), (41, 'ipv6'), (33, 'dccp'), (47, 'gre'), (50, 'esp'), (51, 'ah'), (1, 'icmp4'),
                     (2, 'igmp'), (88, 'eigrp'), (89, 'ospf'), (103, 'pim'), (112, 'vrrp'), (132, 'sctp'),
                     (135, 'mobility'), (139, 'hip'), (140, 'shim6'), (253, 'test'), (255, 'reserved')):
    six('6-proto-' + word, [], number)
six('6-proto-test-empty', [], 253, b'')
six('6-proto-test-large', [], 253, pattern(1400))
six('6-udp-closed', [], 17, lambda s, d: udp4(4000, 9, b'abc', src=s, dst=d))
six('6-udp-closed-large', [], 17, lambda s, d: udp4(4000, 9, pattern(1400), src=s, dst=d))
six('6-udp-no-checksum', [], 17, lambda s, d: udp(s, d, no_sum=True))
six('6-udp-bad-checksum', [], 17, lambda s, d: udp(s, d, bad_sum=True))
six('6-udp-length-large', [], 17, lambda s, d: udp(s, d, length=40))
six('6-udp-length-small', [], 17, lambda s, d: udp(s, d, length=12))
six('6-udp-length-0', [], 17, lambda s, d: udp(s, d, length=0))
six('6-udp-length-7', [], 17, lambda s, d: udp(s, d, length=7))
six('6-udp-cut', [], 17, b'\x0f\xa0\0\7\0')
six('6-udp-empty', [], 17, lambda s, d: udp(s, d, b''))
six('6-version-5', [], version=5)
six('6-length-beyond', [], length=100)
six('6-length-0', [], length=0)
six('6-length-short', [], length=10)
for hops in (0, 1, 2, 255):
    six('6-hops-%d' % hops, [], ttl=hops)
    six('6-ping-hops-%d' % hops, [], 58, ttl=hops)
six('6-hops-1-unknown', [], 253, ttl=1)
six('6-hops-1-dst', [opts(DST, b'\x9e\0')], ttl=1)
six('6-hops-1-hop', [opts(HOP, b'\x9e\0')], ttl=1)
six('6-class-and-label', [], 58, tos=0xB8, label=0x12345)

# ---- ICMPv6 -------------------------------------------------------------------------------------

six('6-ping-code-1', [], 58, lambda s, d: echo6(s, d, code=1))
six('6-ping-bad-checksum', [], 58, lambda s, d: echo6(s, d, bad_sum=True))
six('6-ping-empty', [], 58, lambda s, d: echo6(s, d, b''))
six('6-ping-cut', [], 58, lambda s, d: icmp6(s, d, 128, 0, b'\0\0'))
six('6-ping-1452', [], 58, lambda s, d: echo6(s, d, pattern(1452)))
six('6-ping-reply', [], 58, lambda s, d: echo6(s, d, kind=129))
six('6-icmp-cut', [], 58, b'\x80')
for kind in (0, 1, 2, 3, 4, 5, 100, 127, 130, 131, 132, 138, 139, 140, 144, 146, 150, 151, 200, 255):
    six('6-icmp-%d' % kind, [], 58, lambda s, d, k=kind: icmp6(s, d, k, 0, b'\0' * 20))
six('6-icmp-error-of-error', [], 58,
    lambda s, d: icmp6(s, d, 1, 4, b'\0' * 4 + ip6(icmp6(d, s, 1, 4, b'\0' * 44), 58, d, s)))
six('6-icmp-in-dst-9e', [opts(DST, b'\x9e\0')], 58)
six('6-icmp-error-in-dst-9e', [opts(DST, b'\x9e\0')], 58, lambda s, d: icmp6(s, d, 1, 0, b'\0' * 44))
six('6-ping-class-ecn', [], 58, tos=0xB9)
six('6-icmp4-type-in-6', [], 1, echo4(1, 1, b'abc'))

# ---- IPv6: fragments ----------------------------------------------------------------------------

pieces6('6-frag-two', [(0, 24, 1), (24, 48, 0)])
pieces6('6-frag-two-reversed', [(24, 48, 0), (0, 24, 1)])
pieces6('6-frag-ping', [(0, 24, 1), (24, 48, 0)], 58)
pieces6('6-frag-three', [(32, 48, 0), (0, 16, 1), (16, 32, 1)])
pieces6('6-frag-eights', [(n, n + 8, int(n < 40)) for n in range(0, 48, 8)], where='far')
pieces6('6-frag-atomic', [(0, 48, 0)])
pieces6('6-frag-atomic-ping', [(0, 48, 0)], 58)
pieces6('6-frag-atomic-among', [(0, 24, 1), (0, 48, 0), (24, 48, 0)])
pieces6('6-frag-first-alone', [(0, 24, 1)])
pieces6('6-frag-last-alone', [(24, 48, 0)])
pieces6('6-frag-twice-the-same', [(0, 24, 1), (0, 24, 1), (24, 48, 0)])
pieces6('6-frag-twice-the-last', [(24, 48, 0), (24, 48, 0), (0, 24, 1)])
pieces6('6-frag-twice-other-bytes', [(0, 24, 1), (0, 24, 1, 'changed'), (24, 48, 0)])
pieces6('6-frag-contained', [(0, 32, 1), (8, 24, 1), (32, 48, 0)])
pieces6('6-frag-overlap', [(0, 32, 1), (24, 48, 0)])
pieces6('6-frag-overlap-reversed', [(24, 48, 0), (0, 32, 1)])
pieces6('6-frag-overlap-then-whole', [(0, 32, 1), (24, 40, 1), (32, 48, 0), (0, 24, 1), (24, 48, 0)])
pieces6('6-frag-two-ends', [(24, 48, 0), (24, 40, 0), (0, 24, 1)])
pieces6('6-frag-beyond-the-end', [(24, 48, 0), (48, 56, 1), (0, 24, 1)])
pieces6('6-frag-odd', [(0, 23, 1)])
pieces6('6-frag-odd-later', [(0, 24, 1), (24, 37, 1)])
pieces6('6-frag-odd-7', [(0, 7, 1)])
pieces6('6-frag-too-far', [(65528, 65544, 0)])
pieces6('6-frag-too-far-more', [(65528, 65544, 1)])
pieces6('6-frag-just-fits', [(65520, 65528, 0)])
pieces6('6-frag-empty-more', [(0, 0, 1)])
pieces6('6-frag-empty-last', [(0, 24, 1), (24, 24, 0)])
pieces6('6-frag-no-transport', [(0, 0, 1), (0, 24, 1)])
pieces6('6-frag-header-cut', [(0, 8, 1), (8, 48, 0)], 58)
six('6-frag-tiny-tcp', [frag6(0, 1)], 6, b'\x0f\xa0\0\x09\0\0\0\1')
six('6-frag-tiny-udp', [frag6(0, 1)], 17, b'')
six('6-frag-dst-inside', [frag6(0, 0), opts(DST)])
six('6-frag-dst-9e-inside', [frag6(0, 0), opts(DST, b'\x9e\0')])
six('6-frag-first-dst-cut', [frag6(0, 1)], 60, b'\x11\1\1\4\0\0\0\0')
six('6-frag-first-dst-only', [frag6(0, 1)], 60, b'\x11\0\1\4\0\0\0\0')
six('6-frag-first-unknown', [frag6(0, 1)], 253, b'\1' * 24)
six('6-frag-atomic-unknown', [frag6(0, 0)], 253, b'\1' * 24)
six('6-frag-first-none', [frag6(0, 1)], 59, b'\1' * 24)
six('6-frag-atomic-hop', [frag6(0, 0), opts(HOP)])
six('6-frag-atomic-frag', [frag6(0, 0), frag6(0, 0)])
six('6-frag-reserved-bits', [frag6(0, 0, extra=6)])
six('6-frag-cut', [], 44, b'\x11\0\0\0')
pieces6('6-frag-in-dst', [(0, 24, 1), (24, 48, 0)], before=[opts(DST)])
pieces6('6-frag-in-dst-9e', [(0, 24, 1), (24, 48, 0)], before=[opts(DST, b'\x9e\0')])
pieces6('6-frag-other-name', [(0, 24, 1), (24, 48, 0, 58)])
pieces6('6-frag-other-name-first', [(0, 24, 1, 253), (24, 48, 0)])
pieces6('6-frag-hops-1', [(0, 24, 1), (24, 48, 0)], ttl=1)
pieces6('6-frag-later-hops-1', [(24, 48, 0)], ttl=1)
pieces6('6-frag-ping-1400', [(0, 1024, 1), (1024, 1408, 0)], 58, size=1408)

# ---- IPv4 ---------------------------------------------------------------------------------------

four('4-udp')
four('4-ping', 1)
for word, data in (('nops', b'\1\1\1\1'), ('end', b'\0\0\0\0'), ('end-then-bytes', b'\0\x83\3\4'),
                   ('record-route', b'\x07\x07\x04\0\0\0\0\0'), ('record-route-full', b'\x07\x07\x08\1\2\3\4\0'),
                   ('record-route-pointer-3', b'\x07\x07\x03\0\0\0\0\0'), ('record-route-pointer-5', b'\x07\x0b\5' + b'\0' * 9),
                   ('timestamp', b'\x44\x08\x05\0\0\0\0\0'), ('timestamp-full', b'\x44\x08\x09\0\0\0\0\0'),
                   ('timestamp-overflow', b'\x44\x08\x09\xf0\0\0\0\0'), ('timestamp-pointer-4', b'\x44\x08\x04\0\0\0\0\0'),
                   ('timestamp-addresses', b'\x44\x0c\x05\1' + b'\0' * 8), ('router-alert', b'\x94\4\0\0'),
                   ('router-alert-value', b'\x94\4\0\1'), ('router-alert-short', b'\x94\3\0\0'),
                   ('loose', b'\x83\x07\x04\x0a\0\2\2\0'), ('loose-done', b'\x83\x07\x08\x0a\0\2\2\0'),
                   ('strict', b'\x89\x07\x04\x0a\0\2\2\0'), ('strict-done', b'\x89\x07\x08\x0a\0\2\2\0'),
                   ('loose-pointer-3', b'\x83\x07\x03\x0a\0\2\2\0'), ('unknown', b'\x9e\4\0\0'), ('unknown-low', b'\x1e\4\0\0'),
                   ('length-0', b'\x9e\0\0\0'), ('length-1', b'\x9e\1\0\0'), ('length-beyond', b'\x9e\5\0\0'),
                   ('length-missing', b'\1\1\1\x9e'), ('security', b'\x82\x0b' + b'\0' * 9), ('stream', b'\x88\4\0\1'),
                   ('two-routes', b'\x83\x03\x04\x83\x03\x04\0\0'), ('forty', b'\1' * 40)):
    four('4-option-' + word, 1, opts=data)
    if word in ('nops', 'unknown', 'length-0', 'record-route', 'timestamp', 'loose-done'):
        four('4-option-%s-udp' % word, opts=data)
    if word in ('nops', 'unknown', 'length-0', 'loose-done'):
        four('4-option-%s-closed' % word, payload=lambda s, d: udp4(4000, 9, b'abc', src=s, dst=d), opts=data)
for number, word in ((2, 'igmp'), (4, 'ipv4'), (33, 'dccp'), (41, 'ipv6'), (47, 'gre'), (50, 'esp'), (51, 'ah'),
                     (58, 'icmp6'), (89, 'ospf'), (103, 'pim'), (112, 'vrrp'), (132, 'sctp'), (253, 'test'), (0, 'hop'),
                     (255, 'reserved')):
    four('4-proto-' + word, number)
four('4-option-two-records', 1, opts=b'\x07\x07\x08\1\2\3\4\x07\x07\x08\1\2\3\4\0\0')
four('4-option-two-timestamps', 1, opts=b'\x44\x08\x09\0\0\0\0\0\x44\x08\x09\0\0\0\0\0')
four('4-proto-test-tos', 253, tos=0xB9)
four('4-proto-test-empty', 253, b'')
four('4-proto-test-large', 253, pattern(1400))
four('4-udp-closed', 17, lambda s, d: udp4(4000, 9, b'abc', src=s, dst=d))
four('4-udp-closed-large', 17, lambda s, d: udp4(4000, 9, pattern(1400), src=s, dst=d))
four('4-udp-closed-tos', 17, lambda s, d: udp4(4000, 9, b'abc', src=s, dst=d), tos=0xB8)
four('4-udp-no-checksum', 17, lambda s, d: udp(s, d, no_sum=True))
four('4-udp-bad-checksum', 17, lambda s, d: udp(s, d, bad_sum=True))
four('4-udp-length-large', 17, lambda s, d: udp(s, d, length=40))
four('4-udp-length-small', 17, lambda s, d: udp(s, d, length=12))
four('4-udp-length-0', 17, lambda s, d: udp(s, d, length=0))
four('4-udp-empty', 17, lambda s, d: udp(s, d, b''))
four('4-checksum-bad', bad_sum=True)
four('4-version-5', version=5)
four('4-header-4', ihl=4)
four('4-header-15', ihl=15)
four('4-total-beyond', total=100)
four('4-total-short', total=26)
four('4-total-19', total=19)
four('4-total-0', total=0)
for hops in (0, 1, 2, 255):
    four('4-ttl-%d' % hops, ttl=hops)
    four('4-ping-ttl-%d' % hops, 1, ttl=hops)
four('4-ttl-1-unknown', 253, ttl=1)
four('4-ttl-1-option', 1, opts=b'\x9e\0\0\0', ttl=1)
four('4-reserved-flag', frag=0x8000)
four('4-dont-fragment', frag=0x4000)
four('4-ping-tos', 1, tos=0xB9)
four('4-ping-code-1', 1, echo4(1, 1, b'abc', code=1))
four('4-ping-bad-checksum', 1, echo4(1, 1, b'abc', bad_sum=True))
four('4-ping-empty', 1, echo4(1, 1, b''))
four('4-ping-cut', 1, b'\x08\0\xf7\xff\0\0')
four('4-ping-reply', 1, echo4(1, 1, b'abc', kind=0))
four('4-icmp-cut', 1, b'\x08\0')
for kind in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 17, 18, 30, 40, 42, 200):
    four('4-icmp-%d' % kind, 1, echo4(1, 1, b'\0' * 16, kind=kind))
pieces4('4-frag-two', [(0, 24, 1), (24, 48, 0)])
pieces4('4-frag-two-reversed', [(24, 48, 0), (0, 24, 1)])
pieces4('4-frag-ping', [(0, 24, 1), (24, 48, 0)], 1)
pieces4('4-frag-three', [(32, 48, 0), (0, 16, 1), (16, 32, 1)])
pieces4('4-frag-first-alone', [(0, 24, 1)])
pieces4('4-frag-last-alone', [(24, 48, 0)])
pieces4('4-frag-twice-the-same', [(0, 24, 1), (0, 24, 1), (24, 48, 0)])
pieces4('4-frag-twice-other-bytes', [(0, 24, 1), (0, 24, 1, 'changed'), (24, 48, 0)])
pieces4('4-frag-contained', [(0, 32, 1), (8, 24, 1), (32, 48, 0)])
pieces4('4-frag-overlap', [(0, 32, 1), (24, 48, 0)])
pieces4('4-frag-overlap-reversed', [(24, 48, 0), (0, 32, 1)])
pieces4('4-frag-overlap-then-whole', [(0, 32, 1), (24, 40, 1), (32, 48, 0), (0, 24, 1), (24, 48, 0)])
pieces4('4-frag-two-ends', [(24, 48, 0), (24, 40, 0), (0, 24, 1)])
pieces4('4-frag-beyond-the-end', [(24, 48, 0), (48, 56, 1), (0, 24, 1)])
pieces4('4-frag-odd', [(0, 23, 1), (24, 48, 0)])
pieces4('4-frag-too-far', [(65528, 65544, 0)])
pieces4('4-frag-empty-more', [(0, 0, 1)])
pieces4('4-frag-empty-last', [(0, 24, 1), (24, 24, 0)])
pieces4('4-frag-tiny', [(0, 8, 1), (8, 48, 0)])
pieces4('4-frag-ttl-1', [(0, 24, 1), (24, 48, 0)], ttl=1)
pieces4('4-frag-later-ttl-1', [(24, 48, 0)], ttl=1)
pieces4('4-frag-unknown-option', [(0, 24, 1), (24, 48, 0)], opts=b'\x9e\0\0\0')

# ---- other addresses ----------------------------------------------------------------------------


def to6(name, dst, proto=58, src=None, mac=None, payload=None, **fields):
    def make(own, _):
        s, d = src or own, LINK_LOCAL[0] if dst == 'LL' else dst
        body = payload(s, d) if payload else udp(s, d) if proto == 17 else echo6(s, d)
        packet = ip6(body, proto, s, d, **fields)
        return [(mac, packet)]
    stimulus(name, make, True, 'gw')


def to4(name, dst, proto=1, src=None, mac=None, **fields):
    def make(own, _):
        s = src or own
        body = udp(s, dst) if proto == 17 else echo4(0x1234, 1, b'0123456789')
        return [(mac, ip4(body, proto, s, dst, ident=77, **fields))]
    stimulus(name, make, False, 'gw')


def group_mac(address):
    return b'\x33\x33' + n6(address)[12:]


for group in ('ff02::1', 'ff02::2', 'ff01::1', 'ff05::2', 'ff02::5', 'ff02::16', 'ff02::fb', 'ff02::1:2', 'ff0e::1234',
              'ff02::1:ff00:2', 'ff02::1:ff00:99'):
    to6('6-ping-' + group, group, mac=group_mac(group))
    to6('6-udp-' + group, group, 17, mac=group_mac(group))
to6('6-ping-all-hops-1', 'ff02::1', mac=group_mac('ff02::1'), ttl=1)
to6('6-unknown-proto-all', 'ff02::1', 253, mac=group_mac('ff02::1'), payload=lambda s, d: b'\1' * 20)
to6('6-ping-all-option-9e', 'ff02::1', 60, mac=group_mac('ff02::1'),
    payload=lambda s, d: chain([opts(DST, b'\x9e\0')], 58, echo6(s, d))[1])
to6('6-ping-all-option-de', 'ff02::1', 60, mac=group_mac('ff02::1'),
    payload=lambda s, d: chain([opts(DST, b'\xde\0')], 58, echo6(s, d))[1])
to6('6-ping-in-group-frame', GW6, mac=group_mac('ff02::1'))
to6('6-closed-in-group-frame', GW6, 17, mac=group_mac('ff02::1'), payload=lambda s, d: udp4(1, 9, b'abc', src=s, dst=d))
to6('6-ping-in-broadcast-frame', GW6, mac=BROADCAST)
for word, address in (('loopback', '::1'), ('nobody', '::'), ('mapped', '::ffff:10.0.2.2'), ('site', 'fec0::1'),
                      ('compatible', '::10.0.2.2'), ('documentation', '2001:db8:77::1'), ('unrouted', '4000::1'),
                      ('link-local', 'fe80::77'), ('network', 'fd00::')):
    to6('6-ping-to-' + word, address)
    to6('6-udp-to-' + word, address, 17)
to4('4-ping-all', '255.255.255.255', mac=BROADCAST)
to4('4-ping-subnet', '10.0.2.255', mac=BROADCAST)
to4('4-ping-group', '224.0.0.1', mac=b'\1\0\x5e\0\0\1')
to4('4-udp-all', '255.255.255.255', 17, mac=BROADCAST)
to4('4-udp-group', '224.0.0.251', 17, mac=b'\1\0\x5e\0\0\xfb')
to4('4-ping-in-broadcast-frame', GW4, mac=BROADCAST)
to4('4-udp-in-broadcast-frame', FAR4, 17, mac=BROADCAST)
for word, address in (('loopback', '127.0.0.1'), ('nobody', '0.0.0.0'), ('this-network', '0.1.2.3'), ('reserved', '240.0.0.1'),
                      ('unrouted', '192.0.2.77'), ('network', '10.0.2.0')):
    to4('4-ping-to-' + word, address)
    to4('4-udp-to-' + word, address, 17)

# ---- neighbour discovery, and the link ----------------------------------------------------------

SOLICITED, OURS = 'ff02::1:ff00:2', '02000a000296'


def option(kind, data, length=None):
    data += b'\0' * (-(2 + len(data)) % 8)
    return bytes([kind, (2 + len(data)) // 8 if length is None else length]) + data


SOURCE_MAC = option(1, MAC)


def ns(name, target=GW6, to=SOLICITED, options=SOURCE_MAC, src=None, ttl=255, code=0, cut=None, headers=(), **how):
    """A neighbour solicitation; target and to may be 'LL', the gateway's link-local address, or 'SELF'."""
    def make(own, _):
        s = src or own
        place = {'LL': LINK_LOCAL[0], 'SELF': own}
        t, d = place.get(target, target), place.get(to, to)
        message = icmp6(s, d, 135, code, (b'\0' * 4 + n6(t) + options)[:cut], **how)
        first, packet = chain(list(headers), 58, message)
        return [(group_mac(d) if d.startswith('ff') else None, ip6(packet, first, s, d, ttl=ttl))]
    stimulus(name, make, True, 'gw')


for prefix in ('6-ns', '6-ll-ns'):
    ns(prefix)
    ns(prefix + '-unicast', to=GW6)
    ns(prefix + '-unicast-without-mac', to=GW6, options=b'')
    ns(prefix + '-without-mac', options=b'')
    ns(prefix + '-link-local', 'LL', 'LL')
ns('6-ns-all-nodes', to=ALL_NODES)
ns('6-ns-other-group', to='ff02::1:ff00:99')
ns('6-ns-hops-254', ttl=254)
ns('6-ns-hops-64', ttl=64)
ns('6-ns-code-1', code=1)
ns('6-ns-bad-checksum', bad_sum=True)
ns('6-ns-target-group', 'ff02::1')
ns('6-ns-target-nobody', '::')
ns('6-ns-target-other', 'fd00::99')
ns('6-ns-target-self', 'SELF')
ns('6-ns-target-far', FAR6)
ns('6-ns-cut', cut=16)
ns('6-ns-option-length-0', options=option(1, MAC, 0))
ns('6-ns-option-beyond', options=option(1, MAC, 2))
ns('6-ns-option-cut', options=b'\1\1\2\0')
ns('6-ns-option-unknown', options=option(99, b'123456') + SOURCE_MAC)
ns('6-ns-option-nonce', options=SOURCE_MAC + option(14, b'123456'))
ns('6-ns-option-twice', options=SOURCE_MAC * 2)
ns('6-ns-option-long', options=option(1, MAC + b'\0' * 8))
ns('6-ns-option-target-mac', options=option(2, MAC))
ns('6-ns-in-padding', headers=[opts(DST)])
ns('6-ns-in-hop', headers=[opts(HOP)])
ns('6-ns-atomic', headers=[frag6(0, 0)])
ns('6-ns-off-link', src='2001:db8:77::9')
six('6-ns-fragmented', [frag6(0, 1)], 58, lambda s, d: icmp6(s, d, 135, 0, b'\0' * 4 + n6(d)), ttl=255, where='gw')
for word, fields in (('', {}), ('-with-mac', {'options': SOURCE_MAC}), ('-nonce', {'options': option(14, b'123456')}),
                     ('-unicast', {'to': GW6}), ('-all-nodes', {'to': ALL_NODES}), ('-other-group', {'to': 'ff02::1:ff00:99'}),
                     ('-hops-254', {'ttl': 254}), ('-target-other', {'target': 'fd00::99'}), ('-target-self', {'target': 'SELF'})):
    ns('6-probe' + word, **{'src': '::', 'options': b'', **fields})
for kind in (134, 136, 137):
    six('6-nd-%d' % kind, [], 58, lambda s, d, k=kind: icmp6(s, d, k, 0, b'\0' * 36), ttl=255, where='gw')
six('6-rs-hops-64', [], 58, lambda s, d: icmp6(s, d, 133, 0, b'\0' * 4 + SOURCE_MAC), ttl=64, where='gw')
six('6-ll-ping', [], 58)
six('6-ll-udp', [])
six('6-ll-closed', [], 17, lambda s, d: udp4(4000, 9, b'abc', src=s, dst=d), where='gw')
six('6-ll-hops-1', [], 58, ttl=1)
six('6-ll-hop-9e', [opts(HOP, b'\x9e\0')])
six('6-ll-unknown', [], 253, where='gw')
for group in ('ff02::1', 'ff02::2', 'ff02::1:ff00:2', 'ff02::99'):
    to6('6-ll-ping-' + group, group, mac=group_mac(group), ttl=1)
to6('6-ll-ping-link-local', 'LL')
to6('6-ping-link-local', 'LL')
to6('6-ll-unrouted', '2001:db8:77::1')
to6('6-ll-option-9e-all', 'ff02::1', 60, mac=group_mac('ff02::1'),
    payload=lambda s, d: chain([opts(DST, b'\x9e\0')], 58, echo6(s, d))[1])


# ---- ARP ----------------------------------------------------------------------------------------


def ask_arp(name, target=GW4, sender=None, sender_mac=MAC, target_mac=b'\0' * 6, op=1, to=BROADCAST, cut=None, tail=b'',
            **fields):
    """An ARP packet in a frame to everybody, or to the gateway where to is None."""
    def make(own, _):
        packet = arp(op, sender_mac, sender or own, target_mac, own if target == 'SELF' else target, **fields)
        return [(to, packet[:cut] + tail)]
    stimulus(name, make, False, 'gw')


ask_arp('4-arp')
ask_arp('4-arp-unicast', to=None)
ask_arp('4-arp-group-frame', to=b'\1\0\x5e\0\0\1')
ask_arp('4-arp-other', '10.0.2.77')
ask_arp('4-arp-self', 'SELF')
ask_arp('4-arp-far', FAR4)
ask_arp('4-arp-network', '10.0.2.0')
ask_arp('4-arp-broadcast', '10.0.2.255')
ask_arp('4-arp-all', '255.255.255.255')
ask_arp('4-arp-group', '224.0.0.1')
ask_arp('4-arp-loopback', '127.0.0.1')
ask_arp('4-arp-nobody', '0.0.0.0')
ask_arp('4-arp-probe', sender='0.0.0.0')
ask_arp('4-arp-probe-unicast', sender='0.0.0.0', to=None)
ask_arp('4-arp-probe-other', '10.0.2.77', sender='0.0.0.0')
for word, address in (('gateway', GW4), ('loopback', '127.0.0.1'), ('group', '224.0.0.1'), ('all', '255.255.255.255'),
                      ('broadcast', '10.0.2.255'), ('network', '10.0.2.0'), ('stranger', '192.0.2.9'), ('this', '0.0.0.9')):
    ask_arp('4-arp-from-' + word, sender=address)
ask_arp('4-arp-target-mac', target_mac=b'\xff' * 6)
ask_arp('4-arp-other-mac', sender_mac=b'\2\0\x0a\0\2\x97')
ask_arp('4-arp-mac-0', sender_mac=b'\0' * 6)
ask_arp('4-arp-mac-group', sender_mac=b'\1\0\x5e\0\0\1')
ask_arp('4-arp-mac-all', sender_mac=BROADCAST)
for op in (0, 2, 3, 4, 8, 9, 10, 255, 256):
    ask_arp('4-arp-op-%d' % op, op=op)
ask_arp('4-arp-hardware-6', hw=6)
ask_arp('4-arp-hardware-7', hw=7)
ask_arp('4-arp-protocol', proto=0x86DD)
ask_arp('4-arp-mac-length-8', hlen=8)
ask_arp('4-arp-address-length-16', plen=16)
ask_arp('4-arp-cut', cut=27)
ask_arp('4-arp-longer', tail=b'\x55' * 100)


# ---- asking -------------------------------------------------------------------------------------


class Heard:
    """What came for one stimulus."""

    def __init__(self, sent, dst):
        self.sent, self.dst, self.words, self.mac = sent, dst, [], b''

    def who(self, src):
        return {LINK_LOCAL[0]: 'gw-ll', self.dst: 'dst', GW4: 'gw', GW6: 'gw', FAR4: 'far', FAR6: 'far'}.get(src) or (
            'gw-ll' if src.startswith('fe80') else src)

    def quotes(self, quoted):
        """How many bytes of which of our packets."""
        best = 'other-bytes'
        for number, (_, packet) in enumerate(self.sent):
            same = bytearray(packet[:len(quoted)])
            got = bytearray(quoted)
            if len(got) != len(same):
                continue
            if got[:1] and got[0] >> 4 == 6:
                same[7] = got[7]
            elif len(got) >= 12:
                same[8] = got[8]
                same[10:12] = got[10:12]
            if bytes(same) == bytes(got):
                whole = 'all' if len(quoted) == len(packet) else str(len(quoted))
                return whole + (' of-%d' % (number + 1) if len(self.sent) > 1 else '')
            if len(same) == len(got):
                best = 'changed-at-' + '/'.join(str(i) for i in range(len(same)) if same[i] != got[i])[:40]
        return best


def say(heard, packet, raw_tos=False):
    if packet[0] >> 4 == 6:
        length, proto, hops = struct.unpack('!HBB', packet[4:8])
        src, body = socket.inet_ntop(socket.AF_INET6, packet[8:24]), packet[40:40 + length]
        tos, head = struct.unpack('!H', packet[:2])[0] >> 4 & 0xFF, b''
        dst = socket.inet_ntop(socket.AF_INET6, packet[24:40])
    else:
        size, total = (packet[0] & 15) * 4, struct.unpack('!H', packet[2:4])[0]
        proto, tos, head = packet[9], packet[1], packet[20:size]
        src, dst, body = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20]), packet[size:total]
        if struct.unpack('!H', packet[6:8])[0] & 0x3FFF:
            return 'fragment'
    words = []
    if proto in (6, 17, 58) and checksum(pseudo(src, dst, proto, len(body)) + body):
        words.append('BAD-SUM')
    if proto == 1 and checksum(body):
        words.append('BAD-SUM')
    if proto == 17:
        words.append('udp %d' % (len(body) - 8))
    elif proto in (1, 58):
        kind, code = body[0], body[1]
        words.append('icmp %d/%d' % (kind, code))
        if proto == 58 and kind == 136:
            flags = body[4] >> 5
            words.append(''.join(letter for i, letter in enumerate('RSO') if flags & 4 >> i) or 'no-flags')
            words.append('about ' + heard.who(socket.inet_ntop(socket.AF_INET6, body[8:24])))
            words.append('at-gw' if body[24:] == b'\2\1' + heard.mac else 'options ' + body[24:].hex())
            words.append('hops %d' % hops)
        error = kind < 128 if proto == 58 else kind in (3, 4, 5, 11, 12)
        if error:
            rest, = struct.unpack('!I', body[4:8])
            if rest:
                words.append('%x' % rest)
            words.append('quotes ' + heard.quotes(body[8:]))
        elif not (proto == 58 and kind == 136):
            words.append('%d' % (len(body) - 8))
    else:
        words.append('proto %d' % proto)
    if tos:
        words.append('tos %02x' % tos)
    if packet[0] >> 4 == 4 and packet[6] & 0x40:
        words.append('df')
    if head:
        words.append('options ' + times(head))
    words.append('from ' + heard.who(src))
    return ' '.join(words)


def times(head):
    """IP options in hexadecimal, the present in a timestamp excepted."""
    out, now = '', int(time.time() * 1000) % 86400000
    for i in range(0, len(head), 4):
        word, = struct.unpack('!I', head[i:i + 4])
        out += ' now ' if head[0] == 0x44 and i and abs(word - now) < 60000 else head[i:i + 4].hex()
    return out


class Echo(threading.Thread):
    """Sends every datagram back."""

    def __init__(self, family, netns):
        super().__init__(daemon=True)
        with Inside(netns):
            self.sock = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            self.sock.bind(('', ECHO_PORT))
        self.start()

    def run(self):
        while True:
            data, peer = self.sock.recvfrom(70000)
            self.sock.sendto(data, peer)


def neighbor(ours, theirs, target):
    body = struct.pack('!BBHI', 136, 0, 0, 0x60000000) + n6(target) + b'\2\1' + MAC
    s = checksum(pseudo(target, theirs, 58, len(body)) + body)
    return ours + MAC + b'\x86\xdd' + ip6(body[:2] + struct.pack('!H', s) + body[4:], 58, target, theirs, ttl=255)


class Link:
    def __init__(self, packet, first4='10.0.2.16'):
        self.packet, self.mac, self.heard, self.alone = packet, None, {}, None

    def pump(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                raw = self.packet.recv(70000)
            except BlockingIOError:
                time.sleep(0.002)
                continue
            self.take(raw)

    def take(self, raw):
        kind, body = struct.unpack('!H', raw[12:14])[0], raw[14:]
        if kind == 0x806:
            asked, asker = socket.inet_ntoa(body[24:28]), socket.inet_ntoa(body[14:18])
            if self.alone and body[7] == 2:
                h = self.alone
                h.words.append('arp %s about %s to %s %s%s' % (
                    'at-gw' if body[8:14] == raw[6:12] == h.mac else body[8:14].hex(), h.who(asker),
                    'asker' if asked in self.heard else asked,
                    'at-asker' if body[18:24] == h.sent[0][1][8:14] else body[18:24].hex(),
                    '' if raw[:6] == body[18:24] else ' in a frame to ' + raw[:6].hex()))
            if body[7] == 1 and asked in self.heard and asker == GW4:
                self.packet.send(raw[6:12] + MAC + b'\x08\x06' + arp(2, MAC, asked, raw[6:12], asker))
            elif body[7] == 2 and asker == GW4:
                self.mac = raw[6:12]
            return
        if kind == 0x86DD:
            dst = socket.inet_ntop(socket.AF_INET6, body[24:40])
            src = socket.inet_ntop(socket.AF_INET6, body[8:24])
            if body[6] == 58 and body[40] == 135:
                asked = socket.inet_ntop(socket.AF_INET6, body[48:64])
                if asked in self.heard:
                    self.packet.send(neighbor(raw[6:12], src, asked))
                return
            if body[6] == 58 and body[40] == 136 and dst == ALL_NODES and self.alone:
                self.alone.words.append(say(self.alone, body))
                return
            if body[6] == 58 and 130 <= body[40] <= 137 and body[40] != 136 or body[6] == 0:
                return
        elif kind == 0x800:
            dst = socket.inet_ntoa(body[16:20])
        else:
            return
        if raw[:6] in (MAC, BROADCAST) and dst in self.heard:
            h = self.heard[dst]
            h.words.append(say(h, body))

    def find_gateway(self):
        for _ in range(100):
            self.packet.send(BROADCAST + MAC + b'\x08\x06' + arp(1, MAC, '10.0.2.150', b'\0' * 6, GW4))
            self.pump(0.1)
            if self.mac:
                m = self.mac
                LINK_LOCAL[0] = socket.inet_ntop(socket.AF_INET6, n6('fe80::') [:8] + bytes([m[0] ^ 2]) + m[1:3]
                                                 + b'\xff\xfe' + m[3:])
                return
        raise SystemExit('nobody answers ARP for ' + GW4)

    def find_server(self):
        """Waits until it answers: a path that was just made is not one at once."""
        for src, dst in (('10.0.2.150', FAR4), ('fd00::150', FAR6)):
            v6 = ':' in src
            heard = Heard([], dst)
            self.heard = {src: heard}
            for _ in range(100):
                packet = (ip6(echo6(src, dst), 58, src, dst) if v6 else
                          ip4(echo4(0x1234, 1, b''), 1, src, dst))
                self.packet.send(self.mac + MAC + (b'\x86\xdd' if v6 else b'\x08\0') + packet + b'\0' * 30)
                self.pump(0.1)
                if any(w.startswith(('icmp 0/0', 'icmp 129/0')) for w in heard.words):
                    break
            else:
                raise SystemExit('no answer from ' + dst)


def ask(link, want):
    """The table's lines. So many stimuli of IPv4 find no addresses at once: they take turns. On a busy
    machine what is wanted may take its time."""
    lines, want = {}, dict(zip(range(len(STIMULI)), want))
    todo = list(enumerate(STIMULI))
    while todo:
        batch, rest, fours = [], [], 0
        for number, one in todo:
            v6 = one[2]
            if (v6 or fours < 150) and len(batch) < 250:
                fours += not v6
                net = 'fe80' if one[0].startswith('6-ll') else 'fd00'
                batch.append((number, one, '%s::1:%x' % (net, number + 16) if v6 else '10.0.2.%d' % (fours + 50)))
            else:
                rest.append((number, one))
        todo = rest
        link.heard = {}
        frames, probes = [], []
        for number, (name, where, v6, make), src in batch:
            dst = (GW6 if where == 'gw' else FAR6) if v6 else (GW4 if where == 'gw' else FAR4)
            sent = [p if isinstance(p, tuple) else (None, p) for p in make(src, dst)]
            link.heard[src] = Heard(sent, dst)
            link.heard[src].mac, link.heard[src].name = link.mac, name
            if name.startswith(('6-probe', '4-arp')):
                probes.append((src, (sent[0][0] or link.mac) + MAC
                               + (b'\x86\xdd' if v6 else b'\x08\x06') + sent[0][1]))
                continue
            for mac, packet in sent:
                frames.append((mac or link.mac) + MAC + (b'\x86\xdd' if v6 else b'\x08\0') + packet)
        for number, frame in enumerate(frames):
            link.packet.send(frame + b'\0' * max(0, 60 - len(frame)))
            if number % 8 == 7:
                link.pump(0.008)
        for src, frame in probes:  # answered to everybody, so one after another
            link.alone = link.heard[src]
            link.packet.send(frame + b'\0' * max(0, 60 - len(frame)) * ('4-arp-cut' not in link.alone.name))
            link.pump(0.05)
        link.alone = None
        link.pump(0.6)
        for _ in range(50):
            for number, (name, where, v6, make), src in batch:
                words = link.heard[src].words
                lines[number] = '%s %s: %s' % (name, where, ' + '.join(words) or '-')
            if all(lines[number] == want.get(number, lines[number]) for number, _, _ in batch):
                break
            link.pump(0.1)
    return [lines[n] for n in sorted(lines)]


def start_world(suffix):
    """Three namespaces in a row: peer, router, server."""
    names = ['rawp-%s%d' % (c, suffix) for c in 'prs']
    subprocess.run(['sh', '-ec', '''
        for n in $1 $2 $3; do
          ip netns add $n; ip -n $n link set lo up
          ip netns exec $n sysctl -qw net.ipv4.ip_forward=0 net.ipv6.icmp.ratelimit=0 net.ipv4.icmp_ratelimit=0 \
            net.ipv6.conf.default.dad_transmits=0 net.ipv4.icmp_msgs_per_sec=100000 net.ipv4.icmp_msgs_burst=100000
        done
        ip -n $2 link add up0 type veth peer name down0 netns $3
        ip -n $2 link set up0 up; ip -n $3 link set down0 up
        ip -n $2 addr add 203.0.113.10/24 dev up0; ip -n $2 addr add 2001:db8::10/64 dev up0 nodad
        ip -n $3 addr add 203.0.113.1/24 dev down0; ip -n $3 addr add 2001:db8::1/64 dev down0 nodad
        ''', 'sh', *names], check=True)
    return names


def cable(names):
    """Makes the router one of Linux's own."""
    subprocess.run(['sh', '-ec', '''
        ip netns exec $1 sysctl -qw net.ipv6.conf.default.disable_ipv6=1
        ip netns exec $2 sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
            net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1
        ip -n $1 link add tap0 type veth peer name eth0 netns $2
        ip netns exec $1 ethtool -K tap0 tx off tso off gso off gro off >/dev/null
        ip netns exec $2 ethtool -K eth0 tx off tso off gso off gro off >/dev/null
        ip -n $2 addr add 10.0.2.2/24 dev eth0; ip -n $2 addr add fd00::2/64 dev eth0 nodad
        ip -n $2 link set eth0 up; ip -n $1 link set tap0 up
        ip -n $3 route add 10.0.2.0/24 via 203.0.113.10; ip -n $3 route add fd00::/64 via 2001:db8::10
        ''', 'sh', *names], check=True)


def table(a, want):
    engine, names, launcher = None, [], None
    try:
        if not a.netns:
            names = start_world(os.getpid())
            a.host, a.server = ['/run/netns/' + n for n in names[1:]]
            if a.against == 'kernel':
                cable(names)
                a.netns = '/run/netns/' + names[0]
            else:
                launcher = '/tmp/raw-launcher-%d' % os.getpid()
                with open(launcher, 'w', encoding='utf-8') as f:
                    f.write('#!/bin/sh\nexec ip netns exec %s %s "$@"\n' % (names[1], a.launcher))
                os.chmod(launcher, 0o755)
                engine, a.netns = start_engine(launcher, ['--offload', 'off'], sys.stderr)
        for netns in (a.host, a.server):
            for family in (socket.AF_INET, socket.AF_INET6):
                Echo(family, netns)
        link = Link(packet_socket(a.netns, 'tap0')[0])
        link.find_gateway()
        link.find_server()
        return ask(link, want)
    finally:
        if engine:
            engine.send_signal(signal.SIGTERM)
            engine.wait(20)
        if launcher:
            os.unlink(launcher)
        for name in names:
            subprocess.run(['ip', 'netns', 'del', name], check=False)


def read(path):
    with open(path, encoding='utf-8') as f:
        return [w.rstrip('\n') for w in f if w.strip() and not w.startswith('#')]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('--netns', help='network namespace of a guest that runs')
    p.add_argument('--host', help="the network namespace of that guest's engine")
    p.add_argument('--server', help='the network namespace of the server behind it')
    p.add_argument('--against', choices=['engine', 'kernel'], default='engine')
    p.add_argument('--expect', help='a table to compare with')
    p.add_argument('--unlike', help='lines that stand for those of the table with the same names')
    p.add_argument('--launcher', help='start this engine; default: that of the checkout', default=os.path.join(
        os.path.dirname(os.path.abspath(__file__)), '../../../bin/slipway'))
    a = p.parse_args()
    want = read(a.expect) if a.expect else []
    if a.unlike:
        ours = {w.split(': ')[0]: w for w in read(a.unlike)}
        strange = set(ours) - {w.split(': ')[0] for w in want}
        strange |= {w.split(': ')[0] for w in want if ours.get(w.split(': ')[0]) == w}
        if strange:
            raise SystemExit('said to be unlike Linux, and is not: ' + ', '.join(strange))
        want = [ours.get(w.split(': ')[0], w) for w in want]
    got = table(a, want)
    if not a.expect:
        print('\n'.join(got))
        return 0
    wrong = [(w, g) for w, g in zip(want, got) if w != g]
    for w, g in wrong:
        print('expected %s\n     got %s' % (w, g))
    print('%d stimuli, %d answered other than expected' % (len(got), len(wrong)))
    return 1 if wrong or len(want) != len(got) else 0


if __name__ == '__main__':
    sys.exit(main())
