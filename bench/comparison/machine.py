"""What the machine and a few of its processes have used so far."""

import contextlib
import os

TICKS = os.sysconf("SC_CLK_TCK")
USER, NICE, SYSTEM, IRQ, SOFTIRQ = 0, 1, 2, 5, 6


def busy_seconds():
    """Processor time of the whole machine, without what a hypervisor took."""
    with open("/proc/stat") as stat:
        fields = [int(field) for field in stat.readline().split()[1:]]
    return sum(fields[kind] for kind in (USER, NICE, SYSTEM, IRQ, SOFTIRQ)) / TICKS


def descendants(pids):
    """These processes, their children, and so on."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as stat:
                parents[int(name)] = int(stat.read().rpartition(")")[2].split()[1])
    found = list(pids)
    for parent in found:
        found += [pid for pid, its in parents.items() if its == parent]
    return found


def processor_seconds(pids):
    """Processor time of these processes, their threads included."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_mebibytes(pids):
    """Memory that these processes have in use; what they share is counted for each."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as status:
            total += sum(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
    return total / 1024
