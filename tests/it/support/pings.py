#!/usr/bin/env python3
"""pings.py INTERFACE MODE [SECONDS]

Makes a TUN device whose far end is every host behind it, and answers ICMP and ICMPv6 echo requests
in a way that no real host can be asked for. Needs root; runs until it is killed. Modes:

honest         one right answer, SECONDS late
twice          the right answer two times
backwards      the answers to each three requests in reverse order
hostile        answers that all have something wrong with them, and none that is right
noise          the same, then the right answer
forged-error   a host-unreachable that quotes the request, then the right answer
"""
import fcntl
import heapq
import os
import select
import struct
import sys
import time

ECHO = {4: (8, 0), 6: (128, 129)}
UNREACHABLE = {4: (3, 1), 6: (1, 3)}
PROTOCOL = {4: 1, 6: 58}


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def packet(version, source, destination, message, seal=True):
    """An IP packet with an ICMP message, whose checksum is set unless `seal` is false."""
    if seal:
        pseudo = b""
        if version == 6:
            pseudo = source + destination + struct.pack(">I3xB", len(message), 58)
        message = message[:2] + b"\0\0" + message[4:]
        message = message[:2] + struct.pack(">H", checksum(pseudo + message)) + message[4:]
    if version == 6:
        return struct.pack(">IHBB", 6 << 28, len(message), 58, 64) + source + destination + message
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(message), 0, 0, 64, 1, 0) + source + destination
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + message


class Request:
    def __init__(self, data):
        self.version = data[0] >> 4
        self.data = data
        start, size = (8, 16) if self.version == 6 else (12, 4)
        self.source = data[start : start + size]
        self.destination = data[start + size : start + 2 * size]
        self.message = data[40:] if self.version == 6 else data[(data[0] & 15) * 4 :]

    def is_echo(self):
        protocol = self.data[6] if self.version == 6 else self.data[9]
        return protocol == PROTOCOL[self.version] and self.message[0] == ECHO[self.version][0]

    def reply(self, source=None, change=None, seal=True):
        message = bytearray(self.message)
        message[0] = ECHO[self.version][1]
        if change:
            message = change(message)
        return packet(self.version, source or self.destination, self.source, bytes(message), seal)

    def error(self, quoted):
        message = bytes(UNREACHABLE[self.version]) + bytes(6) + quoted
        return packet(self.version, self.neighbour(), self.source, message)

    def neighbour(self):
        return self.destination[:-1] + bytes([self.destination[-1] ^ 1])

    def hostile(self):
        def xor(position):
            def change(message):
                message[position] ^= 1
                return message

            return change

        header = len(self.data) - len(self.message)
        destination = header - 1
        identifier = header + 4
        token = header + 8

        def quote(position):
            quoted = bytearray(self.data)
            quoted[position] ^= 1
            return bytes(quoted)

        return [
            self.reply(change=xor(4)),  # identifier
            self.reply(change=xor(6)),  # sequence, far off
            self.reply(change=xor(8)),  # token
            self.reply(change=xor(len(self.message) - 1)),  # data
            self.reply(change=xor(1)),  # code
            self.reply(change=lambda message: message[:-1]),
            self.reply(change=lambda message: message[:8]),
            self.reply(change=lambda message: message[:5]),
            self.reply(change=lambda message: message + b"\0"),
            self.reply(source=self.neighbour()),
            self.reply(change=xor(3), seal=False),  # checksum
            self.error(quote(destination)),
            self.error(quote(identifier)),
            self.error(quote(token)),
            self.error(b""),
            self.error(self.data[: header + 7]),
        ]


def answers(mode, request, kept):
    if mode == "twice":
        return [request.reply()] * 2
    if mode == "hostile":
        return request.hostile()
    if mode == "noise":
        return request.hostile() + [request.reply()]
    if mode == "forged-error":
        return [request.error(request.data), request.reply()]
    if mode == "backwards":
        kept.append(request.reply())
        if len(kept) < 3:
            return []
        late, kept[:] = kept[::-1], []
        return late
    return [request.reply()]


def main():
    interface, mode = sys.argv[1:3]
    delay = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    # TUNSETIFF with IFF_TUN and IFF_NO_PI
    fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", interface.encode(), 0x1001))
    due, kept, number = [], [], 0
    while True:
        wait = max(0.0, due[0][0] - time.monotonic()) if due else None
        if select.select([tun], [], [], wait)[0]:
            request = Request(os.read(tun, 65536))
            if request.is_echo():
                for answer in answers(mode, request, kept):
                    number += 1
                    heapq.heappush(due, (time.monotonic() + delay, number, answer))
        while due and due[0][0] <= time.monotonic():
            os.write(tun, heapq.heappop(due)[2])


main()
