#!/usr/bin/env python3
"""A script that asks a Doorward gate for passes as a page does, and tells how far it gets.

    python3 visitor.py --gate http://127.0.0.1:8080 --origin http://localhost:5173 --path /api/data

It speaks the protocol of docs/passes.md and forges every header that a browser would send. It
needs Python 3.9 or newer and nothing else. Run it against a gate of your own: it makes some 1,100
requests. The parts are told apart by their source addresses, so the gate must be on this machine
(127.0.0.0/8, as Linux has it), or be given --one-address, which leaves the last part out.
"""

import argparse
import base64
import collections
import hashlib
import hmac
import http.client
import json
import math
import re
import secrets
import sys
import time
from urllib.parse import urlsplit

REQUESTS = 200
PASSES = 20
REQUESTS_A_PASS = 40
NETWORKS = 50
CALLS = 10_000
WORK_PARTS = 8
WORK_BITS = 11
TRIES_MAX = 4

# P-256 (SEC 2, 2.4.2): y^2 = x^3 - 3x + b over the integers modulo P.
P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def doubled(point):
    x, y, z = point
    yy = y * y % P
    s = 4 * x * yy % P
    zz = z * z % P
    m = 3 * (x - zz) * (x + zz) % P
    x2 = (m * m - 2 * s) % P
    return x2, (m * (s - x2) - 8 * yy * yy) % P, 2 * y * z % P


def added(point, other):
    """A point in Jacobian coordinates and one in affine ones; z = 0 is the point at infinity."""
    x, y, z = point
    if z == 0:
        return (*other, 1)
    zz = z * z % P
    h = (other[0] * zz - x) % P
    r = (other[1] * zz * z - y) % P
    if h == 0:
        return doubled(point) if r == 0 else (1, 1, 0)
    hh = h * h % P
    hhh = h * hh % P
    v = x * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - y * hhh) % P, h * z % P


def multiplied(scalar, point):
    """Not in constant time: the keys live for minutes, in a script."""
    result = (1, 1, 0)
    for bit in bin(scalar)[2:]:
        result = doubled(result)
        if bit == "1":
            result = added(result, point)
    x, y, z = result
    inverse = pow(z, -1, P)
    return x * inverse**2 % P, y * inverse**3 % P


def point_bytes(point):
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def point_of(data):
    x, y = int.from_bytes(data[1:33], "big"), int.from_bytes(data[33:], "big")
    if len(data) != 65 or data[0] != 4 or (y * y - (x * x * x - 3 * x + B)) % P:
        raise ValueError("the gate's key is no point of the curve")
    return x, y


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def hkdf(secret, salt, info):
    """RFC 5869 for 32 bytes, which is one block."""
    return mac(mac(salt, secret), info + b"\x01")


def worked(authority, origin, key, asked, bits):
    """Eight numbers, each the first whose digest begins with so many zero bits."""
    text = f"doorward work v1\n{authority}\n{origin}\n{key}\n{asked}"
    seed = hashlib.sha256(hashlib.sha256(text.encode()).digest())
    numbers = b""
    for part in range(WORK_PARTS):
        begun = seed.copy()
        begun.update(bytes([part]))
        number = 0
        while True:
            attempt = begun.copy()
            attempt.update(number.to_bytes(4, "big"))
            if int.from_bytes(attempt.digest()[:4], "big") >> (32 - bits) == 0:
                break
            number += 1
        numbers += number.to_bytes(4, "big")
    return numbers


class Refused(Exception):
    def __init__(self, answer):
        super().__init__(f"{answer.status} {answer.code}")
        self.answer = answer


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.code = response.headers.get("Doorward-Refusal")
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Pass:
    def __init__(self, granted, key, bits, work_s, agreement_s):
        self.text, self.id, self.key = granted["pass"], granted["id"], key
        # By how much the gate's clock is ahead of ours.
        self.ahead_s = granted["now"] - time.time()
        self.life_s = granted["expires"] - granted["now"]
        self.bits, self.work_s, self.agreement_s = bits, work_s, agreement_s


class Visitor:
    """One address of ours, with one connection to the gate."""

    def __init__(self, arguments, address=None):
        gate, page = urlsplit(arguments.gate), urlsplit(arguments.origin)
        self.origin, self.root = arguments.origin, gate.path.rstrip("/")
        is_own_port = gate.port in (None, {"http": 80, "https": 443}[gate.scheme])
        self.authority = gate.hostname if is_own_port else f"{gate.hostname}:{gate.port}"
        secure = gate.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        source = (address, 0) if address else None
        self.connection = kind(gate.hostname, gate.port, timeout=10, source_address=source)
        site = "cross-site"
        if (page.scheme, page.hostname) == (gate.scheme, gate.hostname):
            site = "same-origin" if page.netloc == gate.netloc else "same-site"
        self.forged = {
            "Accept": "*/*",
            "Accept-Language": "en-US,en;q=0.9",
            "Origin": self.origin,
            "Referer": f"{self.origin}/",
            "Sec-CH-UA": '"Chromium";v="156", "Google Chrome";v="156", "Not)A;Brand";v="24"',
            "Sec-CH-UA-Mobile": "?0",
            "Sec-CH-UA-Platform": '"Linux"',
            "Sec-Fetch-Dest": "empty",
            "Sec-Fetch-Mode": "cors",
            "Sec-Fetch-Site": site,
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/156.0.0.0 Safari/537.36",
        }

    def send(self, method, target, body=None, headers=None):
        self.connection.request(method, target, body, {**self.forged, **(headers or {})})
        return Answer(self.connection.getresponse())

    def ask(self, key, asked, work):
        said = json.dumps({"key": key, "time": asked, "work": base64url(work)})
        kind = {"Content-Type": "text/plain;charset=UTF-8"}
        return self.send("POST", f"{self.root}/.doorward/pass", said.encode(), kind)

    def pass_of(self, bits=WORK_BITS):
        """A pass, as a page gets it: docs/passes.md, "Asking for a pass"."""
        ahead_s = 0
        for _ in range(TRIES_MAX):
            begin = time.perf_counter()
            private = secrets.randbelow(N - 1) + 1
            public = point_bytes(multiplied(private, G))
            key, asked = base64url(public), int(time.time() + ahead_s)
            agreement_s = time.perf_counter() - begin
            begin = time.perf_counter()
            work = worked(self.authority, self.origin, key, asked, bits)
            work_s = time.perf_counter() - begin
            answer = self.ask(key, asked, work)
            if answer.status == 200:
                begin = time.perf_counter()
                granted = answer.json()
                gates = from_base64url(granted["key"])
                shared = multiplied(private, point_of(gates))[0].to_bytes(32, "big")
                salt = hashlib.sha256(public + gates).digest()
                secret = hkdf(shared, salt, from_base64url(granted["info"]))
                agreement_s += time.perf_counter() - begin
                return Pass(granted, secret, bits, work_s, agreement_s)
            if answer.code not in ("pass/work", "pass/expired", "pass/from-the-future"):
                break
            problem = answer.json()
            bits = problem.get("bits", bits)
            ahead_s = problem["now"] - time.time()
        raise Refused(answer)

    def call(self, arguments, holder):
        """One signed request: docs/passes.md, "Signing a request"."""
        method, body = arguments.method, arguments.body
        path, mark, query = (self.root + arguments.path).partition("?")
        lines = [
            ("@method", method),
            ("@authority", self.authority),
            ("@path", path),
            ("@query", f"?{query}"),
        ]
        headers = {"Doorward-Pass": holder.text}
        if body is not None:
            body = body.encode()
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            headers["Content-Digest"] = f"sha-256=:{digest}:"
            headers["Content-Type"] = "application/json"
            lines.append(("content-digest", headers["Content-Digest"]))
            lines.append(("content-type", headers["Content-Type"]))
        lines.append(("doorward-pass", holder.text))
        names = " ".join(f'"{name}"' for name, _ in lines)
        parameters = (
            f"({names});created={int(time.time() + holder.ahead_s)}"
            f';nonce="{base64url(secrets.token_bytes(16))}";keyid="{holder.id}"'
            ';alg="hmac-sha256";tag="doorward"'
        )
        lines.append(("@signature-params", parameters))
        base = "\n".join(f'"{name}": {value}' for name, value in lines)
        signature = base64.b64encode(mac(holder.key, base.encode())).decode()
        headers["Signature-Input"] = f"doorward={parameters}"
        headers["Signature"] = f"doorward=:{signature}:"
        return self.send(method, path + mark + query, body, headers)


def word(answer):
    """What became of a request: the gate's code, or "admitted". What the backend said of it is its
    own business."""
    return answer.code or "admitted"


def counted(answers):
    """How many were admitted, how many refused by which code, and what share the gate tells."""
    told = collections.Counter(map(word, answers))
    admitted = told.pop("admitted", 0)
    shares = {answer.headers.get("RateLimit-Policy") for answer in answers if answer.code}
    return {
        "sent": len(answers),
        "admitted": admitted,
        "refused": dict(told),
        "shares": sorted(shares - {None}),
    }


def without_work(visitor, arguments):
    """Part 1: every header of a browser, but no pass; and a pass that nobody worked for."""
    bare = visitor.send(arguments.method, visitor.root + arguments.path, arguments.body)
    key = base64url(point_bytes(multiplied(secrets.randbelow(N - 1) + 1, G)))
    lazy = visitor.ask(key, int(time.time()), bytes(4 * WORK_PARTS))
    asked = {"status": lazy.status, "code": lazy.code, "bits": None}
    if lazy.code == "pass/work":
        asked["bits"] = lazy.json()["bits"]
    return {"without_pass": {"status": bare.status, "code": bare.code}, "without_work": asked}


def with_work(visitor, arguments):
    """Part 2: one pass, and as many requests with it as go."""
    holder = visitor.pass_of()
    begin = time.perf_counter()
    answers = [visitor.call(arguments, holder) for _ in range(REQUESTS)]
    return {
        "bits": holder.bits,
        "work_s": holder.work_s,
        "agreement_s": holder.agreement_s,
        "life_s": holder.life_s,
        "requests_s": time.perf_counter() - begin,
        **counted(answers),
    }


def many_passes(visitor, arguments):
    """Part 3: twenty passes of one address."""
    begin = time.perf_counter()
    holders = []
    refused = None
    while len(holders) < PASSES and not refused:
        try:
            # Whoever was asked for more bits begins with them.
            holders.append(visitor.pass_of(holders[-1].bits if holders else WORK_BITS))
        except Refused as no:
            refused = no.answer.code
    asking_s = time.perf_counter() - begin
    begin = time.perf_counter()
    answers = [
        visitor.call(arguments, holder) for holder in holders for _ in range(REQUESTS_A_PASS)
    ]
    cheapest = [holder.work_s for holder in holders if holder.bits == holders[0].bits]
    return {
        "passes": len(holders),
        "no_more_because": refused,
        "bits": dict(collections.Counter(str(holder.bits) for holder in holders)),
        "cheapest_work_s": sum(cheapest) / len(cheapest) if cheapest else None,
        "asking_s": asking_s,
        "requests_s": time.perf_counter() - begin,
        **counted(answers),
    }


def many_networks(visitor, arguments):
    """Part 4: one pass, carried through fifty networks; then at home again."""
    holder = visitor.pass_of()
    answers = []
    for number in range(1, NETWORKS + 1):
        there = Visitor(arguments, f"127.0.{number}.1")
        answers.append(there.call(arguments, holder))
        there.connection.close()
    words = list(map(word, answers))
    before = words.index("pass/elsewhere") if "pass/elsewhere" in words else None
    home = word(visitor.call(arguments, holder))
    return {"before_elsewhere": before, "at_home_again": home, **counted(answers)}


def share(shares):
    """How much there is at once, and how much comes back in a second: '"address";q=400;w=20'. None
    where the gate told nothing of it."""
    told = [re.fullmatch(r'"[^"]+";q=(\d+);w=(\d+)', text) for text in shares]
    told = [(int(found[1]), int(found[1]) / int(found[2])) for found in told if found]
    return min(told, key=lambda each: each[1], default=None)


def price(one, many):
    """What 10,000 calls would cost, by what was seen: all at once, and with patience."""
    if not one["admitted"] or not many["admitted"]:
        return None
    passes = math.ceil(CALLS / one["admitted"])
    cost = {
        "calls": CALLS,
        "at_once": {
            "addresses": math.ceil(CALLS / many["admitted"]),
            "passes": passes,
            "work_s": passes * many["cheapest_work_s"],
        },
        "one_address": None,
    }
    of_pass, of_address = share(one["shares"]), share(many["shares"])
    if of_pass and of_address:
        seconds = (CALLS - of_address[0]) / of_address[1]
        calls_a_pass = of_pass[0] + min(seconds, one["life_s"]) * of_pass[1]
        passes = math.ceil(CALLS / calls_a_pass)
        work_s = passes * many["cheapest_work_s"]
        cost["one_address"] = {"seconds": seconds, "passes": passes, "work_s": work_s}
    return cost


def measure(arguments):
    def home(number):
        # Each part from an address of its own, so that none spends another's share.
        return Visitor(arguments, None if arguments.one_address else f"127.9.9.{number}")

    figures = {"gate": arguments.gate, "origin": arguments.origin}
    figures["lazy"] = without_work(home(1), arguments)
    figures["one_pass"] = with_work(home(2), arguments)
    figures["many_passes"] = many_passes(home(3), arguments)
    if not arguments.one_address:
        figures["many_networks"] = many_networks(home(4), arguments)
    figures["price"] = price(figures["one_pass"], figures["many_passes"])
    return figures


def said(refused):
    return ", ".join(f"{count} {code}" for code, count in refused.items()) or "none"


def work(cost):
    return f"{cost['passes']} passes, {cost['work_s']:.1f} s of work in Python"


def rows(figures):
    lazy, one, many = figures["lazy"], figures["one_pass"], figures["many_passes"]
    bare, asked = lazy["without_pass"], lazy["without_work"]
    yield "1  without a pass", f"{bare['status']} {bare['code'] or 'admitted'}"
    bits = f", asks for {asked['bits']} bits" if asked["bits"] else ""
    yield "   a pass without work", f"{asked['status']} {asked['code'] or 'granted'}{bits}"
    yield "2  work for a pass", f"{one['work_s'] * 1_000:.0f} ms for {one['bits']} bits"
    yield "   agreeing on its key", f"{one['agreement_s'] * 1_000:.0f} ms"
    yield f"   {one['sent']} requests", f"in {one['requests_s']:.2f} s"
    yield "   admitted", one["admitted"]
    yield "   refused", said(one["refused"])
    bits = ", ".join(f"{count} of {bits} bits" for bits, count in many["bits"].items())
    yield f"3  {many['passes']} passes, one address", f"{bits}; in {many['asking_s']:.1f} s"
    if many["no_more_because"]:
        yield "   no more because of", many["no_more_because"]
    yield f"   {many['sent']} requests", f"in {many['requests_s']:.2f} s"
    yield "   admitted", many["admitted"]
    yield "   refused", said(many["refused"])
    far = figures.get("many_networks")
    if far:
        before = far["before_elsewhere"]
        yield f"4  one pass, {far['sent']} networks", ""
        yield "   before pass/elsewhere", "never said" if before is None else before
        yield "   admitted", far["admitted"]
        yield "   refused", said(far["refused"])
        yield "   at home again", far["at_home_again"]
    cost = figures["price"]
    if cost:
        yield f"{cost['calls']:,} calls", ""
        yield "   at once", f"{cost['at_once']['addresses']} addresses, {work(cost['at_once'])}"
        alone = cost["one_address"]
        if alone:
            yield "   from one address", f"{alone['seconds'] / 60:.0f} minutes, {work(alone)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gate", default="http://127.0.0.1:8080")
    parser.add_argument("--origin", default="http://localhost:5173", help="the page to be")
    parser.add_argument("--path", default="/api/data", help="with its query, if it has one")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--body", help="JSON to send")
    parser.add_argument("--one-address", action="store_true", help="leave out part 4")
    parser.add_argument("--json", action="store_true", help="for programs")
    arguments = parser.parse_args()
    try:
        figures = measure(arguments)
    except Refused as no:
        sys.exit(f"no pass: {no}")
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"{arguments.gate}: {error!r}")
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in rows(figures):
        print(f"{name:<28}{value}".rstrip())


if __name__ == "__main__":
    main()
