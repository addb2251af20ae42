#!/usr/bin/env python3
"""What is answered to every kind of segment in every state of a connection: a table.

The rows are states and segments, the columns where the segment begins, counted from the number that
the engine expects next. Like raw_frames.py, whose peer it uses, it asks Linux or an engine:

  raw_answers.py --against kernel > linux-answers.txt     writes the table
  raw_answers.py --expect linux-answers.txt --netns /proc/PID/ns/net    compares an engine with it

A cell is "-" for silence, or the flags of the answer; behind them what it acknowledges beyond the
expected number, and of a reset where it stands if not where RFC 9293 3.10.7.1 puts it. Runs as root. Exit status 0 when the tables are the same.
"""

import argparse
import os
import signal
import subprocess
import sys

from raw_frames import (ACK, FIN, GATEWAY, M32, PSH, RST, SYN, URG, Bench, Fail, Inside, find_gateway,
                        packet_socket, pattern, start_engine, start_oracle)

SEQS = (-100, -1, 0, 1, 100000)
ACKS = (-1, 0, 1)
LENGTHS = (0, 10)
LETTERS = 'FSRPAU'
SEGMENTS = ('', 'F', 'S', 'R', 'FS', 'SR', 'FPU', 'A', 'FA', 'SA', 'RA', 'FSRPAU')
STATES = {}
ROUNDS = 5


def state(function):
    STATES[function.__name__.upper()] = function
    return function


def signed(n):
    return ((n + 0x80000000) & M32) - 0x80000000


# ---- the states: each makes a connection, and says how far our numbers are ------------------------


@state
def syn_received(t, listener):
    c = t.conn(listener)
    c.syn()
    c.synack()
    return c


@state
def established(t, listener):
    c = t.conn(listener).open()
    c.host = t.accept(listener)
    return c


@state
def fin_wait_1(t, listener):
    c = established(t, listener)
    c.host.finish()
    c.expect(flags=FIN)
    return c


@state
def fin_wait_2(t, listener):
    c = fin_wait_1(t, listener)
    c.rcv = (c.rcv + 1) & M32
    c.ack()
    return c


@state
def close_wait(t, listener):
    c = established(t, listener)
    c.fin()
    c.expect_ack()
    return c


@state
def closing(t, listener):
    c = fin_wait_1(t, listener)
    c.fin()
    c.expect_ack()
    return c


@state
def last_ack(t, listener):
    c = close_wait(t, listener)
    c.host.finish()
    c.expect(flags=FIN)
    return c


@state
def time_wait(t, listener):
    c = fin_wait_2(t, listener)
    c.fin()
    c.expect_ack()
    return c


# ---- asking -------------------------------------------------------------------------------------


def bits(flags):
    return sum((FIN, SYN, RST, PSH, ACK, URG)[LETTERS.index(letter)] for letter in flags)


def cell(c, flags, seq, ack, length, frames):
    """The answers to one segment, in words."""
    words = []
    for f in frames:
        if f.flags & FIN or (f.flags & SYN and words):
            continue  # repeated because nobody acknowledged it
        kind = ''.join(a for i, a in enumerate(LETTERS) if f.flags & (1 << i) and a != 'P')
        if f.flags & RST and not f.flags & ACK:
            if f.seq != (c.rcv + ack) & M32:
                kind += '%+d' % signed(f.seq - c.rcv)
        elif f.flags & (RST | SYN):
            end = seq + length + ('S' in flags) + ('F' in flags)
            if f.flags & RST and signed(f.ack - c.seq) != end or f.flags & RST and f.seq != 0:
                kind += '%+d' % signed(f.ack - c.seq)
        elif f.ack != c.seq:
            kind += '%+d' % signed(f.ack - c.seq)
        if kind not in words:
            words.append(kind)
    return ','.join(words) or '-'


def ask(t, make, segments):
    """A cell for each segment, given as row and beginning, from a connection of its own; None where only
    a repeated FIN was heard."""
    listener = t.listen()
    asked = [(row, seq, make(t, listener)) for row, seq in segments]
    t.wait(0.02)
    t.inbox.clear()
    for (flags, ack, length), seq, c in asked:
        c.tell(bits(flags), pattern(length), seq=c.seq + seq,
               ack=(c.rcv + ack) & M32 if 'A' in flags else 0)
    t.wait(0.12)
    heard = {}
    for f in t.inbox:
        if f.kind == 'tcp':
            heard.setdefault(f.dport, []).append(f)
    cells = []
    for row, seq, c in asked:
        frames = heard.get(c.sport, [])
        word = cell(c, row[0], seq, row[1], row[2], frames)
        hidden = word == '-' and any(f.flags & FIN for f in frames)
        cells.append(None if hidden else word)
    for _, _, c in asked:
        c.rst()
        c.tell(RST, seq=c.seq + 1)
    t.reset()
    return cells


def answers(t, make, rows):
    """The cells of these rows, row by row. A FIN that is repeated just then may take the answer along:
    where only that was heard, new connections are asked, which are fewer each time and so sooner asked."""
    asked = [(row, seq) for row in rows for seq in SEQS]
    cells = [None] * len(asked)
    for _ in range(ROUNDS):
        hidden = [i for i, word in enumerate(cells) if word is None]
        if hidden:
            for i, word in zip(hidden, ask(t, make, [asked[i] for i in hidden])):
                cells[i] = word
    cells = ['a FIN' if word is None else word for word in cells]
    return [cells[i:i + len(SEQS)] for i in range(0, len(cells), len(SEQS))]


def table(t):
    rows = [(flags, ack, length) for flags in SEGMENTS for ack in (ACKS if 'A' in flags else (0,))
            for length in LENGTHS]
    for name, make in STATES.items():
        for i in range(0, len(rows), 11):
            some = rows[i:i + 11]
            for (flags, ack, length), cells in zip(some, answers(t, make, some)):
                yield '%-12s %-6s %2s %2d' % (name, flags or '.', '%+d' % ack if ack else '0', length), cells


def line(head, cells):
    return ' '.join([head] + ['%7s' % c for c in cells]).rstrip()


def head():
    return line('# state      flags ack len', ['%+d' % s if s else '0' for s in SEQS])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('--netns', help='network namespace of a guest that runs')
    p.add_argument('--against', choices=['engine', 'kernel'], default='engine')
    p.add_argument('--expect', help='a table to compare with')
    p.add_argument('--launcher', help='start this engine; default: that of the checkout', default=os.path.join(
        os.path.dirname(os.path.abspath(__file__)), '../../../bin/slipway'))
    a = p.parse_args()
    engine, oracle, server_ns = None, None, None
    try:
        if a.against == 'kernel':
            oracle = start_oracle()
            a.netns, server_ns = '/run/netns/' + oracle[0], '/run/netns/' + oracle[1]
        elif not a.netns:
            engine, a.netns = start_engine(a.launcher, ['--offload', 'off'], subprocess.DEVNULL)
        s, _ = packet_socket(a.netns, 'tap0')
        t = Bench(s, find_gateway(s), a.against, GATEWAY if oracle else '127.0.0.1', True,
                  lambda: Inside(server_ns))
        got = [line(h, cells) for h, cells in table(t)]
    finally:
        if engine:
            engine.send_signal(signal.SIGTERM)
            engine.wait(20)
        for ns in oracle or ():
            subprocess.run(['ip', 'netns', 'del', ns], check=False)
    if not a.expect:
        print('\n'.join([head()] + got))
        return 0
    with open(a.expect, encoding='utf-8') as f:
        want = [w.rstrip('\n') for w in f if not w.startswith('#')]
    wrong = [(w, g) for w, g in zip(want, got) if w != g]
    for w, g in wrong:
        print('expected %s\n     got %s' % (w, g))
    print('%d rows, %d other than expected' % (len(got), len(wrong)))
    return 1 if wrong or len(want) != len(got) else 0


if __name__ == '__main__':
    sys.exit(main())
