"""Tables, the chart and the README's part, all made of the rows of the CSV file."""

import csv
import re
import statistics
from typing import NamedTuple

from .engines import ENGINES, LIMITS

COLUMNS = ("congestion", "repetition", "mtu", "engine", "measurement", "quantity", "value")
ABOUT = "about"
FAILED = "failed"
BEGIN, END = "<!-- begin: peers -->", "<!-- end: peers -->"


class Line(NamedTuple):
    """A line of a table: what it shows of a measurement, by medians."""
    title: str
    measurement: str
    quantities: tuple     # the medians of these fill the form, in this order
    form: str = "{:.2f}"
    mtu: int = 0          # 0: whichever it was measured at


def tcp_lines(mtus, streams):
    for mtu in mtus:
        for direction, arrow in ("out", "→"), ("in", "←"):
            for count in streams:
                yield Line(f"TCP {arrow}, MTU {mtu}, {count} stream{'s' * (count > 1)}, Gbit/s",
                           f"tcp {direction} {count}", ("gbit_per_s",), mtu=mtu)
    for mtu in mtus:
        for direction, arrow in ("out", "→"), ("in", "←"):
            for count in streams:
                if count > 1:
                    yield Line(f"fairness {arrow}, MTU {mtu}, {count} streams: Jain / slowest",
                               f"tcp {direction} {count}", ("jain", "slowest_share"),
                               "{:.2f} / {:.2f}", mtu)
    for mtu in mtus:
        for direction, arrow in ("out", "→"), ("in", "←"):
            yield Line(f"CPU s per GB {arrow}, MTU {mtu}, {streams[0]} stream: machine / engine",
                       f"tcp {direction} {streams[0]}",
                       ("machine_cpu_s_per_gb", "engine_cpu_s_per_gb"), "{:.2f} / {:.2f}", mtu)


def lines(mtus, streams):
    """All lines there can be."""
    yield from tcp_lines(mtus, streams)
    for direction, arrow in ("out", "→"), ("in", "←"):
        yield Line(f"TCP {arrow}, 1 % loss, MTU 1500, Mbit/s", f"loss {direction}",
                   ("mbit_per_s",), "{:.0f}")
    latency = ("p50_us", "p99_us")
    yield Line("request/response, per s", "rr", ("per_s",), "{:.0f}")
    yield Line("— p50 / p99, µs", "rr", latency, "{:.0f} / {:.0f}")
    for mtu in mtus:
        for direction, arrow in ("out", "→"), ("in", "←"):
            yield Line(f"— beside bulk {arrow}, MTU {mtu}: p50 / p99, µs (bulk, Gbit/s)",
                       f"rr beside {direction}", (*latency, "bulk_gbit_per_s"),
                       "{:.0f} / {:.0f} ({:.2f})", mtu)
    for parallel in 1, 32:
        yield Line(f"connect/request/close, {parallel} at once, per s", f"crr {parallel}",
                   ("per_s",), "{:.0f}")
        yield Line("— p50 / p99 / max, ms", f"crr {parallel}", ("p50_ms", "p99_ms", "max_ms"),
                   "{:.2f} / {:.2f} / {:.0f}")
    for direction, arrow in ("out", "→"), ("in", "←"):
        yield Line(f"UDP {arrow}, 1400 bytes, under 1 % lost, 1000 per s", f"udp {direction}",
                   ("thousands_per_s",), "{:.0f}")
    yield Line("UDP request/response, per s", "udprr", ("per_s",), "{:.0f}")
    yield Line("— p50 / p99, µs", "udprr", latency, "{:.0f} / {:.0f}")
    yield Line("RSS idle, MiB", "memory idle", ("rss_mib",), "{:.0f}")
    yield Line("RSS after all of the above, MiB", "memory after", ("rss_mib",), "{:.0f}")
    yield Line("10,000 idle flows, MiB more", "idle flows", ("flows_mib",), "{:.0f}")
    yield Line("start to first byte, ms", "ready", ("ready_ms",), "{:.0f}")


# Quantities that are shown in another unit than they are kept in.
DERIVED = {
    "mbit_per_s": ("gbit_per_s", 1e3),
    "thousands_per_s": ("per_s", 1e-3),
    "p50_ms": ("p50_us", 1e-3),
    "p99_ms": ("p99_us", 1e-3),
    "max_ms": ("max_us", 1e-3),
}


class Results:
    """The rows of one or several runs."""

    def __init__(self, rows):
        self.rows = [row for row in rows if row["measurement"] != ABOUT]
        self.about = list(dict.fromkeys(
            row["value"] for row in rows if row["measurement"] == ABOUT))
        present = {row["engine"] for row in self.rows}
        self.engines = [name for name in (*ENGINES, *LIMITS) if name in present]
        self.congestions = list(dict.fromkeys(row["congestion"] for row in self.rows))
        self.mtus = sorted({int(row["mtu"]) for row in self.rows})
        self.streams = sorted({int(row["measurement"].split()[2]) for row in self.rows
                               if row["measurement"].startswith("tcp ")}) or [1]
        self.by_key = {}
        for row in self.rows:
            key = row["congestion"], row["engine"], row["measurement"], row["quantity"]
            self.by_key.setdefault(key, []).append((int(row["mtu"]), float(row["value"])))

    @staticmethod
    def read(paths):
        rows = []
        for path in paths:
            with open(path, newline="") as source:
                rows += csv.DictReader(source)
        return Results(rows)

    def values(self, congestion, engine, line, quantity):
        kept, factor = DERIVED.get(quantity, (quantity, 1))
        found = self.by_key.get((congestion, engine, line.measurement, kept), [])
        return [value * factor for mtu, value in found if line.mtu in (0, mtu)]

    def failures(self, congestion, engine, line):
        return len(self.values(congestion, engine, line, FAILED))

    def lines(self, congestion):
        """The lines that this run has something for."""
        return [line for line in lines(self.mtus, self.streams)
                if any(self.values(congestion, engine, line, quantity)
                       for engine in self.engines for quantity in (*line.quantities, FAILED))]

    def median(self, congestion, engine, line):
        """The cell of a table; empty where nothing was measured."""
        values = [self.values(congestion, engine, line, q) for q in line.quantities]
        failed = self.failures(congestion, engine, line)
        shown = line.form.format(*map(statistics.median, values)) if all(values) else ""
        if failed and shown:
            return f"{shown} ({failed} failed)"
        return shown or ("failed" if failed else "")

    def spread(self, congestion, engine, line):
        """The same with the least and the most, where it is one number."""
        shown = self.median(congestion, engine, line)
        values = self.values(congestion, engine, line, line.quantities[0])
        if len(line.quantities) > 1 or len(values) < 2:
            return shown
        return f"{shown} ({line.form.format(min(values))}-{line.form.format(max(values))})"


def heading(results, congestion):
    count = len({row["repetition"] for row in results.rows if row["congestion"] == congestion})
    what = f"medians of {count}" if count > 1 else "measured once"
    return f"congestion control {congestion}, {what}"


def text_table(results):
    """For a terminal: medians, least and most."""
    for congestion in results.congestions:
        shown = results.lines(congestion)
        grid = [["", *results.engines]] + [
            [line.title, *(results.spread(congestion, engine, line) for engine in results.engines)]
            for line in shown]
        widths = [max(len(row[column]) for row in grid) for column in range(len(grid[0]))]
        yield f"{heading(results, congestion)} (least-most)"
        for row in grid:
            cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
            yield "  ".join([row[0].ljust(widths[0]), *cells]).rstrip()
        yield ""
    yield from results.about


def markdown(results):
    """For the README: medians."""
    yield from (f"{about}\n" for about in results.about)
    for congestion in results.congestions:
        yield f"{heading(results, congestion).capitalize()}:"
        yield ""
        yield f"| | {' | '.join(results.engines)} |"
        yield f"|---|{'---:|' * len(results.engines)}"
        for line in results.lines(congestion):
            cells = (results.median(congestion, engine, line) for engine in results.engines)
            yield f"| {line.title} | {' | '.join(cells)} |"
        yield ""


def write_readme(results, path, chart):
    """Replaces what stands between the marks."""
    with open(path) as source:
        text = source.read()
    picture = f"![Slipway next to its peers]({chart})\n\n" if chart else ""
    body = f"{BEGIN}\n{picture}" + "\n".join(markdown(results)) + END
    changed, count = re.subn(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: body, text,
                             flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"peers: {path} has no {BEGIN} ... {END}")
    with open(path, "w") as sink:
        sink.write(changed)


class Panel(NamedTuple):
    """A group of bars for each of some lines."""
    title: str
    lines: tuple          # of pairs: what stands below the bars, and the line
    scale: str = "linear"


def panels(results):
    for mtu in results.mtus:
        yield Panel(f"TCP, MTU {mtu}, Gbit/s", tuple(
            (f"{arrow} {count}", Line("", f"tcp {direction} {count}", ("gbit_per_s",), mtu=mtu))
            for direction, arrow in (("out", "→"), ("in", "←")) for count in results.streams))
    yield Panel("TCP with 1 % of the packets lost, Gbit/s", tuple(
        (arrow, Line("", f"loss {direction}", ("gbit_per_s",)))
        for direction, arrow in (("out", "→"), ("in", "←"))))
    yield Panel("processor seconds of the machine per GB, 1 stream", tuple(
        (f"{arrow} {mtu}", Line("", f"tcp {direction} 1", ("machine_cpu_s_per_gb",), mtu=mtu))
        for mtu in results.mtus for direction, arrow in (("out", "→"), ("in", "←"))), "log")
    yield Panel("requests and connections, 1000 per s", tuple(
        (label, Line("", measurement, ("thousands_per_s",))) for label, measurement in (
            ("TCP\nrequest", "rr"), ("UDP\nrequest", "udprr"),
            ("connect\n1 at once", "crr 1"), ("connect\n32 at once", "crr 32"))))
    yield Panel("UDP, 1400 bytes, under 1 % lost, 1000 per s", tuple(
        (arrow, Line("", f"udp {direction}", ("thousands_per_s",)))
        for direction, arrow in (("out", "→"), ("in", "←"))))


COLORS = {"slipway": "#0b6e99", "slirp4netns": "#e08e45", "pasta": "#7a9a3a",
          "slirpnetstack": "#a35d9a", "gvproxy": "#c0504d", "veth": "#8c8c8c", "loopback": "#c4c4c4"}


def write_chart(results, path):
    """The medians with the first congestion control, least and most as whiskers."""
    import matplotlib  # only here: tables need no more than Python
    matplotlib.use("Agg")
    from matplotlib import pyplot

    matplotlib.rcParams.update({"svg.hashsalt": "peers", "font.size": 8})
    congestion = results.congestions[0]
    drawn = [panel for panel in panels(results)
             if any(results.values(congestion, engine, line, line.quantities[0])
                    for engine in results.engines for _, line in panel.lines)]
    rows = (len(drawn) + 1) // 2
    figure, grid = pyplot.subplots(rows, 2, figsize=(10, 2.6 * rows), squeeze=False)
    for axes, panel in zip(grid.flat, drawn):
        draw(axes, results, congestion, panel)
    for axes in list(grid.flat)[len(drawn):]:
        axes.axis("off")
    handles = [pyplot.Rectangle((0, 0), 1, 1, color=COLORS[engine]) for engine in results.engines]
    figure.legend(handles, results.engines, loc="upper center", ncol=len(results.engines),
                  frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.3 / (2.6 * rows)))
    figure.savefig(path, metadata={"Date": None} if str(path).endswith(".svg") else None)


def draw(axes, results, congestion, panel):
    width = 0.8 / len(results.engines)
    for place, engine in enumerate(results.engines):
        for group, (_, line) in enumerate(panel.lines):
            values = results.values(congestion, engine, line, line.quantities[0])
            if values:
                middle = statistics.median(values)
                axes.bar(group + (place + 0.5) * width - 0.4, middle, width,
                         color=COLORS[engine], error_kw={"linewidth": 0.6},
                         yerr=[[middle - min(values)], [max(values) - middle]])
    axes.set_title(panel.title, fontsize=9)
    axes.set_yscale(panel.scale)
    axes.set_xticks(range(len(panel.lines)), [label for label, _ in panel.lines])
    axes.spines[["top", "right"]].set_visible(False)
