#!/usr/bin/env python3
"""Runs a scheduler and measures it from outside: CPU of the whole process tree, memory, and what really ran.

measure.py --log LOG --services N --interval SECONDS [--warm S] [--window S] [--reload] -- COMMAND...

Executions, intervals and evenness come from the log of tiny_check (or tcp_sink), not from what a scheduler says of
itself. CPU is user and system time of every process of the tree, with the children it has reaped. Prints one line of JSON.

With --reload the daemon is told to read its configuration again (SIGHUP) after the window, and is watched for a window
and a quarter: what is said of that is compared with the window before. A service ran early if that was less than 90 %
of the interval after its last run, and is lost if at the end it has not run for 1.1 intervals.
"""
import argparse
import array
import collections
import json
import os
import signal
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")


def tree(root):
    """All living processes below and with root: {pid: (comm, cpu seconds with reaped children)}."""
    table = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as f:
                    text = f.read()
            except OSError:
                continue
            comm, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
            table[int(entry)] = (int(rest[1]), comm, sum(int(x) for x in rest[11:15]) / TICK, int(rest[2]))
    group = os.getpgid(root)
    wanted, grown = {root}, True
    while grown:
        more = {pid for pid, (parent, _, _, pgrp) in table.items() if (parent in wanted or pgrp == group) and pid not in wanted}
        grown = bool(more)
        wanted |= more
    return {pid: table[pid][1:3] for pid in wanted if pid in table}


def memory(pids):
    total, n = 0, 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as f:
                total += next(int(line.split()[1]) for line in f if line.startswith("Pss:"))
            n += 1
        except (OSError, StopIteration):
            pass
    return dict(processes=n, pss_mb=round(total / 1024, 1))


def records(path):
    a = array.array("Q")
    with open(path, "rb") as f:
        data = f.read()
    a.frombytes(data[:len(data) // 16 * 16])
    return [(t / 1e9, i & 0xFFFFFFFF) for t, i in zip(a[0::2], a[1::2])]


p = argparse.ArgumentParser()
p.add_argument("--log", required=True)
p.add_argument("--services", type=int, required=True)
p.add_argument("--interval", type=float, required=True)
p.add_argument("--warm", type=float, default=10)
p.add_argument("--window", type=float, default=30)
p.add_argument("--output", default="/dev/null")
p.add_argument("--reload", action="store_true")
p.add_argument("command", nargs="+")
o = p.parse_args()
open(o.log, "w").close()
os.chmod(o.log, 0o666)
with open(o.output, "ab") as out:
    daemon = subprocess.Popen(o.command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
result = {}
try:
    end = time.time() + 120
    while os.path.getsize(o.log) < 16:
        if daemon.poll() is not None or time.time() > end:
            raise SystemExit(f"no check ran; exit code {daemon.poll()}, see {o.output}")
        time.sleep(0.02)
    time.sleep(o.warm)
    lo, before = time.time(), tree(daemon.pid)
    time.sleep(o.window)
    hi, after = time.time(), tree(daemon.pid)
    result["memory"] = memory(after)
    if o.reload:
        reloaded = time.time()
        daemon.send_signal(signal.SIGHUP)
        time.sleep(1.25 * o.window)
finally:
    daemon.send_signal(signal.SIGTERM)
    try:
        daemon.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(daemon.pid, signal.SIGKILL)

log = sorted(records(o.log))
ran = [(t, i) for t, i in log if lo <= t < hi]
# a plugin that runs at either edge is counted by its reaper or not at all: both edges cancel out
cpu = sum(seconds - before.get(pid, ("", 0.0))[1] for pid, (_, seconds) in after.items())
n = len(ran)


def evenness(ran, lo, hi):
    """Checks in single seconds between two moments."""
    mean = len(ran) / (hi - lo)
    per_second = collections.Counter(int(t - lo) for t, _ in ran)
    seconds = sorted(per_second[s] for s in range(int(hi - lo)))
    return dict(least=seconds[0], most=seconds[-1],
                off_mean_percent=round(100 * max(mean - seconds[0], seconds[-1] - mean) / max(mean, 1e-9), 1))


def after_reload(log, at, window, interval):
    """What a reload did: pauses, checks before their time, services that were forgotten."""
    def longest(lo, hi):
        times = [t for t, _ in log if lo <= t < hi]
        return max((b - a for a, b in zip(times, times[1:])), default=hi - lo)

    last, early, soonest = {}, set(), interval
    for t, i in log:
        if at <= t < at + window:
            if i in last:
                soonest = min(soonest, t - last[i])
                if t - last[i] < 0.9 * interval:
                    early.add(i)
        last[i] = t
    lost = {i for i, t in last.items() if at + window - t > 1.1 * interval}
    ran = [(t, i) for t, i in log if at <= t < at + window]
    return dict(longest_pause_ms=round(1000 * longest(at - 1, at + window), 1),
                before_ms=round(1000 * longest(lo, hi), 1), early=len(early), soonest=round(soonest, 3),
                lost=len(lost), executions=len(ran), in_single_seconds=evenness(ran, at, at + window))


gaps = sorted(b[0] - a[0] for a, b in zip(ran, ran[1:]))
last, intervals = {}, []
for t, i in log:
    if i in last and lo <= t < hi:
        intervals.append(t - last[i])
    last[i] = t
intervals.sort()
mean = n / (hi - lo)
result.update(
    executions=n, per_second=round(mean, 1), cpu_per_1000=round(cpu * 1000 / max(n, 1), 3), cores=round(cpu / (hi - lo), 2),
    in_single_seconds=evenness(ran, lo, hi),
    longest_pause_ms=round(1000 * gaps[-1], 1) if gaps else None, never_run=o.services - len({i for _, i in log}))
if intervals:
    result["interval"] = dict(wanted=o.interval, mean=round(sum(intervals) / len(intervals), 4),
                              least=round(intervals[0], 3), most=round(intervals[-1], 3))
if o.reload:
    result["reload"] = after_reload(log, reloaded, 1.25 * o.window, o.interval)
print(json.dumps(result))
