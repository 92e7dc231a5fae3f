#!/usr/bin/env python3
"""A small scripted SIP phone for the live tests. Python 3.10+, standard library only, UDP and G.711.

One process is one phone, trunk or gateway far end on one UDP port; it may hold many calls. It is driven by
JSON lines on stdin and tells everything that happens as JSON lines on stdout: `{"t": <epoch>, "ua": <user>,
"event": ..., ...}`. End of stdin, SIGTERM or `quit` hang up, unregister and leave; SIGKILL is a power cut.

Commands, `{"cmd": NAME, ...}`; each is acknowledged at once by event `ok` or `error` with its `cmd` and `seq`:
  register {expires=60}      register and keep refreshing           unregister {}
  call {to, id?, from?, name?, headers?, tone_hz?, hangup_after_ms?, give_up_after_ms?}
                             `to` is a number, or a sip: URI to send straight there; `from` is the caller's number (trunks)
  policy {action, number="*", ...} what to do with the next incoming calls; the newest matching rule wins. `number`
                             is a pattern for the dialled number. action: "answer", "reject" {code, reason}, "ring"
                             (wait for a command, or for ever), "ignore" (not even 100). Also: progress=180|183|0,
                             progress_after_ms, delay_ms (from ringing to the action), hangup_after_ms, tone_hz
  answer|hold|resume|hangup {call}      `hangup` cancels or rejects a call that is not answered yet
  reject {call, code=486, reason?}      refer {call, to | replaces: other call}   (blind | attended transfer)
  dtmf {call, digits}        RFC 2833   tone {call, hz}   0 is silence
  hear {call, ms=500, freqs=[]}         -> event `heard` {packets, rms, levels: {hz: amplitude}} of the last `ms`
  deaf {on=true}             ignore the network both ways (phone unplugged)    registrar {code}   answer to REGISTER
  quit {rude=false}          rude leaves at once and says nothing to anybody
`call` may be left out when the phone has exactly one call.

Events: ready, registered, register_failed, unregistered; incoming, ringing, progress, answered, held, resumed,
reinvited (the peer changed the media), dtmf, notify, transfer, heard; options, far_register (we play registrar).
Every call closes with exactly one `ended` {answered, by: "local"|"remote",
how: "bye"|"cancelled"|"rejected"|"ignored"|"timeout", code, reason, seconds, media}.
"""
import argparse, asyncio, bisect, collections, fnmatch, hashlib, json, math, os, random, re, signal, struct
import sys, threading, time

T1, T2, GIVE_UP = 0.5, 4.0, 32.0  # RFC 3261 timers: first retransmission, longest gap, transaction life
RING_LIMIT = 180.0  # its timer C: a call that only rings
COMPACT = {"v": "Via", "f": "From", "t": "To", "i": "Call-ID", "m": "Contact", "l": "Content-Length",
           "c": "Content-Type", "k": "Supported", "r": "Refer-To", "b": "Referred-By", "o": "Event"}
PHRASES = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted", 401: "Unauthorized",
           403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 480: "Temporarily Unavailable",
           481: "Call Does Not Exist", 486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here",
           500: "Server Error", 503: "Service Unavailable", 603: "Decline"}
ROUTING = {"via", "from", "to", "call-id", "cseq", "max-forwards", "contact", "content-length", "content-type",
           "allow", "supported", "user-agent", "allow-events"}
DIRECTIONS = {(True, True): "sendrecv", (True, False): "sendonly", (False, True): "recvonly", (False, False): "inactive"}


def token(length=10):
    return "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length))


# ---------------------------------------------------------------- SIP text

class Message:
    """A SIP request or response: start line, ordered headers, body."""

    def __init__(self, start, headers=(), body=""):
        self.start, self.headers, self.body = start, list(headers), body
        self.source = None  # where it came from

    @classmethod
    def parse(cls, data):
        head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")  # unfold continued headers
        headers = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers.append((COMPACT.get(name.strip().lower(), name.strip()), value.strip()))
        return cls(lines[0], headers, body)

    def encode(self):
        body = self.body.encode()
        lines = [self.start] + [f"{n}: {v}" for n, v in self.headers] + [f"Content-Length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode() + body

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    def get(self, name, default=""):
        return next(iter(self.all(name)), default)

    @property
    def is_response(self):
        return self.start.startswith("SIP/2.0 ")

    @property
    def code(self):
        return int(self.start.split(" ", 2)[1])

    @property
    def phrase(self):
        return (self.start.split(" ", 2) + [""])[2]

    @property
    def method(self):
        """Of a request; of a response, the method it answers."""
        return self.get("CSeq").split()[-1] if self.is_response else self.start.split(" ", 1)[0]

    @property
    def uri(self):
        return self.start.split(" ")[1]

    @property
    def branch(self):
        return param(self.get("Via"), "branch")


def param(header, name):
    found = re.search(rf";\s*{name}=([^;,\s>]+)", header, re.I)
    return found.group(1) if found else ""


def user_of(header):
    found = re.search(r"sips?:(?:([^@>;]+)@)?", header)
    return (found and found.group(1)) or ""


def name_of(header):
    return header.split("<")[0].strip().strip('"') if "<" in header else ""


def uri_of(header):
    found = re.search(r"<([^>]+)>", header)
    return found.group(1) if found else header.split(";")[0].strip()


def address_of(uri, default):
    """The numeric host and port that a URI names, else `default`."""
    found = re.search(r"sips?:(?:[^@]+@)?(\d+\.\d+\.\d+\.\d+)(?::(\d+))?", uri)
    return (found.group(1), int(found.group(2) or 5060)) if found else default


def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


def fields_of(header):
    """The `name=value` pairs of a Digest header."""
    return {n.lower(): (q or p) for n, q, p in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', header)}


def digest(challenge, method, uri, user, password):
    """The Authorization value that answers an MD5 challenge."""
    c, cnonce = fields_of(challenge), token()
    ha1, ha2 = md5(user, c.get("realm", ""), password), md5(method, uri)
    shared = f'Digest username="{user}", realm="{c.get("realm", "")}", nonce="{c["nonce"]}", uri="{uri}", algorithm=MD5'
    if "opaque" in c:
        shared += f', opaque="{c["opaque"]}"'
    if "qop" in c:
        answer = md5(ha1, c["nonce"], "00000001", cnonce, "auth", ha2)
        return f'{shared}, qop=auth, nc=00000001, cnonce="{cnonce}", response="{answer}"'
    return f'{shared}, response="{md5(ha1, c["nonce"], ha2)}"'


def digest_fits(header, method, user, password):
    """Whether credentials sent to us are right (we play registrar or a trunk that authenticates)."""
    a = fields_of(header)
    ha1, ha2 = md5(user, a.get("realm", ""), password), md5(method, a.get("uri", ""))
    middle = [a["nc"], a.get("cnonce", ""), a["qop"]] if "nc" in a and "qop" in a else []
    return a.get("username") == user and a.get("response") == md5(ha1, a.get("nonce", ""), *middle, ha2)


# ---------------------------------------------------------------- sound

def alaw_value(code):
    code ^= 0x55
    exponent, value = (code >> 4) & 7, ((code & 15) << 4) + 8
    value = value if exponent == 0 else (value + 0x100) << (exponent - 1)
    return value if code & 0x80 else -value


def ulaw_value(code):
    code = ~code & 0xFF
    value = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return -value if code & 0x80 else value


class Codec:
    """G.711 by table: `decode[byte]` gives the sample, `encode` picks the byte with the nearest one."""

    def __init__(self, name, pt, value):
        self.name, self.pt = name, pt
        self.decode = [value(i) for i in range(256)]
        self.ladder = sorted((v, i) for i, v in enumerate(self.decode))
        self.loudness = bytes(1 if abs(v) > 400 else 0 for v in self.decode)
        self.silence = bytes([self.encode(0)]) * 160

    def encode(self, sample):
        at = min(bisect.bisect(self.ladder, (sample, 0)), 255)
        return min(self.ladder[max(at - 1, 0)], self.ladder[at], key=lambda rung: abs(rung[0] - sample))[1]

    def tone(self, hz, amplitude=8000):
        """One second of a sine, which loops without a click for whole frequencies."""
        return bytes(self.encode(int(amplitude * math.sin(2 * math.pi * hz * i / 8000))) for i in range(8000))


CODECS = {c.name: c for c in (Codec("PCMA", 8, alaw_value), Codec("PCMU", 0, ulaw_value))}


def level_at(samples, hz):
    """Amplitude of one frequency (Goertzel)."""
    turn, last, before = 2 * math.cos(2 * math.pi * hz / 8000), 0.0, 0.0
    for sample in samples:
        last, before = sample + turn * last - before, last
    power = last * last + before * before - turn * last * before
    return 2 * math.sqrt(max(power, 0)) / max(len(samples), 1)


class Media(asyncio.DatagramProtocol):
    """The RTP side of one call: sends a tone or silence every 20 ms, keeps the last seconds that came in."""

    def __init__(self, codec, on_digit):
        self.codec, self.on_digit = codec, on_digit
        self.remote = self.transport = self.task = None
        self.dtmf_pt, self.sending = 101, False
        self.hz, self.sound, self.position = 0, None, 0
        self.digits, self.digit_ticks = collections.deque(), 0
        self.ssrc, self.sequence, self.clock = random.getrandbits(32), random.getrandbits(15), random.getrandbits(31)
        self.sent = self.received = self.loud = 0
        self.recent = collections.deque(maxlen=250)  # (arrival, codec, payload)
        self.last_digit_stamp = None

    async def start(self, ip):
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(ip, 0))
        self.task = loop.create_task(self.run())

    def connection_made(self, transport):
        self.transport = transport

    @property
    def port(self):
        return self.transport.get_extra_info("sockname")[1]

    def set_tone(self, hz):
        self.hz, self.sound, self.position = hz, self.codec.tone(hz) if hz else None, 0

    def set_codec(self, codec):
        if codec is not self.codec:
            self.codec = codec
            self.set_tone(self.hz)

    def stop(self):
        if self.task:
            self.task.cancel()
        if self.transport:
            self.transport.close()

    def counters(self):
        return {"tx_packets": self.sent, "rx_packets": self.received, "rx_loud": self.loud}

    def heard(self, ms, freqs):
        since = time.monotonic() - ms / 1000
        packets = [(codec, payload) for at, codec, payload in self.recent if at >= since]
        samples = [codec.decode[byte] for codec, payload in packets for byte in payload]
        rms = math.sqrt(sum(s * s for s in samples) / len(samples)) if samples else 0
        return {"packets": len(packets), "rms": round(rms), "levels": {str(f): round(level_at(samples, f)) for f in freqs}}

    def datagram_received(self, data, _source):
        if len(data) < 12 or data[0] >> 6 != 2:
            return
        pt, stamp = data[1] & 0x7F, struct.unpack("!I", data[4:8])[0]
        payload = data[12 + 4 * (data[0] & 15):]
        codec = next((c for c in CODECS.values() if c.pt == pt), None)
        if codec:
            self.received += 1
            self.loud += any(payload.translate(codec.loudness))
            self.recent.append((time.monotonic(), codec, payload))
        elif pt == self.dtmf_pt and len(payload) >= 4 and payload[1] & 0x80 and stamp != self.last_digit_stamp:
            self.last_digit_stamp = stamp  # the end of a key press comes three times
            self.on_digit("0123456789*#ABCD"[payload[0] & 15], struct.unpack("!H", payload[2:4])[0] // 8)

    async def run(self):
        due = time.monotonic()
        while True:
            due += 0.02
            await asyncio.sleep(max(0, due - time.monotonic()))
            if self.sending and self.remote:
                self.tick()
            self.clock += 160

    def tick(self):
        if self.digits:
            self.tick_digit()
        elif self.sound:
            frame = (self.sound + self.sound[:160])[self.position:self.position + 160]
            self.position = (self.position + 160) % len(self.sound)
            self.send(self.codec.pt, self.clock, frame)
        else:
            self.send(self.codec.pt, self.clock, self.codec.silence)

    def tick_digit(self):
        """A key press is 6 growing packets and 3 ends, all with the time stamp of its start, then 80 ms of rest."""
        n, self.digit_ticks = self.digit_ticks, self.digit_ticks + 1
        if n == 0:
            self.digit_stamp = self.clock
        if n < 9:
            event = "0123456789*#ABCD".index(self.digits[0].upper())
            payload = struct.pack("!BBH", event, 0x80 * (n >= 6) | 10, 160 * min(n + 1, 7))
            self.send(self.dtmf_pt, self.digit_stamp, payload, marker=n == 0)
        elif n >= 13:
            self.digits.popleft()
            self.digit_ticks = 0

    def send(self, pt, stamp, payload, marker=False):
        head = struct.pack("!BBHII", 0x80, 0x80 * marker | pt, self.sequence & 0xFFFF, stamp & 0xFFFFFFFF, self.ssrc)
        self.sequence += 1
        self.sent += 1
        self.transport.sendto(head + payload, self.remote)


# ---------------------------------------------------------------- transport and transactions

class Endpoint(asyncio.DatagramProtocol):
    """The SIP socket with RFC 3261 transactions over UDP: retransmission, replay of answers, digest retry."""

    def __init__(self, options, on_request):
        self.options, self.on_request = options, on_request
        self.server = (options.server.partition(":")[0], int(options.server.partition(":")[2] or 5060))
        self.domain = options.domain or self.server[0]
        self.pending = {}   # (branch, method) -> queue of responses
        self.answers = {}   # (branch, method) -> our last response, sent again when the request comes again
        self.acks = {}      # (call id, cseq) -> ACK, sent again when the final response comes again
        self.deaf = False

    async def open(self):
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(self.options.local, self.options.port))
        self.local = self.transport.get_extra_info("sockname")[:2]
        self.contact = f"<sip:{self.options.user}@{self.local[0]}:{self.local[1]}>"

    def send(self, message, target):
        if self.deaf:
            return
        self.trace("->", message.encode())
        self.transport.sendto(message.encode(), target)

    def trace(self, arrow, data):
        if self.options.trace:
            print(f"{time.time():.3f} {arrow} {data.decode('utf-8', 'replace')}", file=sys.stderr, flush=True)

    def datagram_received(self, data, source):
        if self.deaf or len(data) < 20:  # keep-alives
            return
        self.trace("<-", data)
        message = Message.parse(data)
        message.source = source
        if message.is_response:
            self.take_response(message)
        elif message.method != "ACK" and (message.branch, message.method) in self.answers:
            self.send(self.answers[message.branch, message.method], source)
        else:
            self.on_request(message)

    def take_response(self, response):
        queue = self.pending.get((response.branch, response.method))
        if queue:
            queue.put_nowait(response)
        elif response.method == "INVITE" and response.code >= 200:
            ack = self.acks.get((response.get("Call-ID"), response.get("CSeq").split()[0]))
            if ack:
                self.send(*ack)

    def request(self, method, uri, from_, to, call_id, cseq, extra=(), body="", branch=None):
        headers = [("Via", f"SIP/2.0/UDP {self.local[0]}:{self.local[1]};rport;branch={branch or 'z9hG4bK' + token()}"),
                   ("Max-Forwards", "70"), ("From", from_), ("To", to), ("Call-ID", call_id), ("CSeq", f"{cseq} {method}"),
                   ("User-Agent", self.options.agent)]
        if method not in ("ACK", "CANCEL", "BYE"):
            headers += [("Contact", self.contact), ("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, INFO, UPDATE, REFER"),
                        ("Allow-Events", "talk, hold, refer"), ("Supported", "replaces")]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        return Message(f"{method} {uri} SIP/2.0", headers + list(extra), body)

    async def transact(self, request, target, on_provisional=None):
        """Send a request until a final response; None after 32 s of silence. Acknowledges refused INVITEs."""
        key, queue = (request.branch, request.method), asyncio.Queue()
        self.pending[key] = queue
        invite, proceeding, gap, deadline = request.method == "INVITE", False, T1, time.monotonic() + GIVE_UP
        try:
            self.send(request, target)
            while True:
                try:
                    response = await asyncio.wait_for(queue.get(), RING_LIMIT if invite and proceeding else gap)
                except asyncio.TimeoutError:
                    if invite and proceeding or time.monotonic() > deadline:
                        return None
                    gap = min(gap * 2, T2)
                    self.send(request, target)
                    continue
                if response.code < 200:
                    proceeding = True
                    if on_provisional:
                        on_provisional(response)
                    continue
                if invite and response.code >= 300:
                    number = request.get("CSeq").split()[0]
                    ack = self.request("ACK", request.uri, request.get("From"), response.get("To"), request.get("Call-ID"),
                                       number, branch=request.branch)
                    self.send_ack(ack, target)
                return response
        finally:
            del self.pending[key]

    async def authed(self, build, target, on_provisional=None):
        """`transact`, answering one digest challenge. `build(extra)` must make a fresh request each time."""
        request = build([])
        response = await self.transact(request, target, on_provisional)
        if response and response.code in (401, 407) and self.options.password is not None:
            asked, answered = (("WWW-Authenticate", "Authorization") if response.code == 401
                               else ("Proxy-Authenticate", "Proxy-Authorization"))
            challenge = next((c for c in response.all(asked) if fields_of(c).get("algorithm", "MD5").upper() == "MD5"), None)
            if challenge:
                user = self.options.auth_user or self.options.user
                value = digest(challenge, request.method, request.uri, user, self.options.password)
                response = await self.transact(build([(answered, value)]), target, on_provisional)
        return response

    def send_ack(self, ack, target):
        key = (ack.get("Call-ID"), ack.get("CSeq").split()[0])
        self.acks[key] = (ack, target)
        asyncio.get_running_loop().call_later(GIVE_UP, self.acks.pop, key, None)
        self.send(ack, target)

    def respond(self, request, code, reason=None, extra=(), body="", tag=None):
        headers = [("Via", via) for via in request.all("Via")]
        to = request.get("To")
        if "tag=" not in to and code > 100:
            to += f";tag={tag or token()}"
        headers += [("From", request.get("From")), ("To", to), ("Call-ID", request.get("Call-ID")), ("CSeq", request.get("CSeq")),
                    ("User-Agent", self.options.agent), ("Contact", self.contact)] + list(extra)
        if request.method == "INVITE":
            headers += [("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, INFO, UPDATE, REFER"),
                        ("Allow-Events", "talk, hold, refer"), ("Supported", "replaces")]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        response = Message(f"SIP/2.0 {code} {reason or PHRASES.get(code, 'Refused')}", headers, body)
        key = (request.branch, request.method)
        if key not in self.answers:
            asyncio.get_running_loop().call_later(2 * GIVE_UP, self.answers.pop, key, None)
        self.answers[key] = response
        self.send(response, request.source)
        return response

    def authorised(self, request):
        """When we demand credentials: true if they fit, else the challenge is sent."""
        if not self.options.demand:
            return True
        user, _, password = self.options.demand.partition(":")
        given = request.get("Authorization") or request.get("Proxy-Authorization")
        if given and digest_fits(given, request.method, user, password):
            return True
        if given:
            self.respond(request, 403)
        else:
            challenge = f'Digest realm="{self.options.realm}", nonce="{token(24)}", algorithm=MD5, qop="auth"'
            self.respond(request, 401, extra=[("WWW-Authenticate", challenge)])
        return False


# ---------------------------------------------------------------- one call

class Call:
    """One dialog. States: new, ringing (either side), up, over."""

    def __init__(self, phone, call_id, direction, sip_call_id, settings):
        self.phone, self.sip, self.id, self.direction = phone, phone.sip, call_id, direction
        self.call_id, self.settings = sip_call_id, settings
        self.state, self.since, self.cseq = "new", None, random.randint(1, 500)
        self.invite = None          # the INVITE in progress, ours or theirs
        self.tag = token()
        self.holding = False        # we put the peer on hold
        self.sdp_version = 1
        self.acked = asyncio.Event()
        self.cancelling = False
        self.media = Media(CODECS[phone.options.codecs.split(",")[0]],
                           lambda digit, ms: self.tell("dtmf", digit=digit, ms=ms, via="rtp"))
        self.media.set_tone(settings.get("tone_hz", phone.options.tone))

    def tell(self, event, **fields):
        self.phone.tell(event, call=self.id, **fields)

    def over(self, by, how, code=None, reason=""):
        """Close the books, once."""
        if self.state == "over":
            return
        seconds = round(time.monotonic() - self.since, 3) if self.since else 0
        self.state = "over"
        self.media.stop()
        self.phone.retire(self)
        self.tell("ended", answered=self.since is not None, by=by, how=how, code=code, reason=reason, seconds=seconds,
                  media=self.media.counters())

    # ---- media description

    def sdp(self, only=None, direction="sendrecv"):
        """Our description: all our codecs in an offer, the chosen one in an answer."""
        codecs = [only] if only else [CODECS[n] for n in self.phone.options.codecs.split(",")]
        ip, numbers = self.sip.local[0], " ".join(str(c.pt) for c in codecs)
        self.sdp_version += 1
        lines = ["v=0", f"o=- {id(self) & 0xFFFFFF} {self.sdp_version} IN IP4 {ip}", "s=-", f"c=IN IP4 {ip}", "t=0 0",
                 f"m=audio {self.media.port} RTP/AVP {numbers} {self.media.dtmf_pt}"]
        lines += [f"a=rtpmap:{c.pt} {c.name}/8000" for c in codecs]
        lines += [f"a=rtpmap:{self.media.dtmf_pt} telephone-event/8000", f"a=fmtp:{self.media.dtmf_pt} 0-15", "a=ptime:20",
                  f"a={direction}"]
        return "\r\n".join(lines) + "\r\n"

    def take_sdp(self, body):
        """Apply the peer's description; returns its direction, or None when no codec is shared."""
        audio = re.search(r"^m=audio (\d+) RTP/AVP ([\d ]+)", body, re.M)
        connection = re.search(r"^c=IN IP4 (\S+)", body, re.M)
        if not audio or not connection:
            return None
        ours = {CODECS[n].pt: CODECS[n] for n in self.phone.options.codecs.split(",")}
        codec = next((ours[int(pt)] for pt in audio.group(2).split() if int(pt) in ours), None)
        if codec is None:
            return None
        events = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", body, re.M)
        if events:
            self.media.dtmf_pt = int(events.group(1))
        self.media.set_codec(codec)
        self.media.remote = (connection.group(1), int(audio.group(1)))
        direction = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)", body, re.M)
        return direction.group(1) if direction else "sendrecv"

    # ---- requests inside the dialog

    def dialog_request(self, method, extra=(), body="", cseq=None):
        if cseq is None:
            self.cseq += 1
        return self.sip.request(method, self.target, self.local, self.remote, self.call_id, cseq or self.cseq, extra, body)

    @property
    def hop(self):
        return address_of(self.target, self.sip.server)

    async def ask(self, method, extra=(), body=""):
        return await self.sip.authed(lambda auth: self.dialog_request(method, list(extra) + auth, body), self.hop)

    # ---- outgoing

    async def dial(self, to, caller, name, headers):
        await self.media.start(self.sip.local[0])
        self.target = to if to.startswith("sip:") else f"sip:{to}@{self.sip.domain}"
        shown = f'"{name}" ' if name else ""
        self.local = f"{shown}<sip:{caller}@{self.sip.domain}>;tag={self.tag}"
        self.remote = f"<{self.target}>"
        extra, offer = [(n, str(v)) for n, v in headers.items()], self.sdp()

        def build(auth):
            self.invite = self.dialog_request("INVITE", extra + auth, offer)
            self.state = "new"
            return self.invite

        if "give_up_after_ms" in self.settings:
            asyncio.get_running_loop().call_later(self.settings["give_up_after_ms"] / 1000, self.give_up)
        self.first_hop = self.hop if to.startswith("sip:") else self.sip.server
        response = await self.sip.authed(build, self.first_hop, self.take_progress)
        if response is None:
            self.over("remote", "timeout", 408)
        elif response.code >= 300:
            how = "cancelled" if self.cancelling else "rejected"
            self.over("local" if self.cancelling else "remote", how, response.code, response.get("Reason") or response.phrase)
        else:
            self.remote, self.target = response.get("To"), uri_of(response.get("Contact", self.target))
            self.sip.send_ack(self.dialog_request("ACK", cseq=int(response.get("CSeq").split()[0])), self.hop)
            if self.cancelling:  # the answer crossed our CANCEL
                await self.hang_up_answered()
            elif self.take_sdp(response.body) is None:
                await self.hang_up_answered("no shared codec")
            else:
                self.came_up(by="remote")

    def take_progress(self, response):
        if self.state == "over":
            return
        if self.cancelling and self.state == "new":
            self.send_cancel()
        if response.code > 100:
            early = bool(response.body) and self.take_sdp(response.body) is not None
            self.media.sending = early
            self.tell("progress", code=response.code, reason=response.phrase, early_media=early)
        self.state = "ringing"

    def give_up(self):
        if self.state in ("new", "ringing"):
            self.cancel()

    def cancel(self):
        """CANCEL may only follow a provisional response; before that it is kept for `take_progress`."""
        if not self.cancelling:
            self.cancelling = True
            if self.state == "ringing":
                self.send_cancel()

    def send_cancel(self):
        i = self.invite
        request = self.sip.request("CANCEL", i.uri, i.get("From"), i.get("To"), self.call_id, i.get("CSeq").split()[0],
                                   branch=i.branch)
        self.phone.spawn(self.sip.transact(request, self.first_hop))

    def came_up(self, by):
        self.state, self.since, self.media.sending = "up", time.monotonic(), True
        self.tell("answered", by=by, codec=self.media.codec.name, remote_rtp="%s:%d" % self.media.remote)
        if "hangup_after_ms" in self.settings:
            self.phone.spawn(self.hang_up_later(self.settings["hangup_after_ms"] / 1000))

    async def hang_up_later(self, seconds):
        await asyncio.sleep(seconds)
        if self.state == "up":
            await self.hang_up_answered()

    # ---- incoming

    async def arrive(self, invite):
        """Follow the policy for a new incoming call."""
        self.invite, rule = invite, self.settings
        self.target = uri_of(invite.get("Contact"))
        self.local, self.remote = f"{invite.get('To')};tag={self.tag}", invite.get("From")
        self.tell("incoming", **{"from": user_of(self.remote)}, from_name=name_of(self.remote), to=user_of(invite.get("To")),
                  number=user_of(invite.uri), action=rule["action"], sip_call_id=self.call_id,
                  headers={n: v for n, v in invite.headers if n.lower() not in ROUTING})
        if rule["action"] == "ignore":  # nothing more will come: without a provisional answer there is no CANCEL
            return self.over("local", "ignored")
        self.sip.respond(invite, 100)
        await self.media.start(self.sip.local[0])
        if invite.body and self.take_sdp(invite.body) is None:
            return self.refuse(488)
        await asyncio.sleep(rule.get("progress_after_ms", 0) / 1000)
        if rule.get("progress", 180) and self.state == "new":
            self.ring(rule.get("progress", 180))
        await asyncio.sleep(rule.get("delay_ms", 0) / 1000)
        if self.state not in ("new", "ringing"):
            return
        if rule["action"] == "answer":
            await self.answer()
        elif rule["action"] == "reject":
            self.refuse(rule.get("code", 486), rule.get("reason"))

    def ring(self, code):
        early = code == 183
        self.state = "ringing"
        self.sip.respond(self.invite, code, body=self.sdp(self.media.codec) if early else "", tag=self.tag)
        self.media.sending = early
        self.tell("ringing", code=code)

    async def answer(self):
        self.state = "answering"
        response = self.sip.respond(self.invite, 200, body=self.sdp(self.media.codec if self.invite.body else None), tag=self.tag)
        if self.media.remote:
            self.came_up(by="local")
        if not await self.until_acked(response):
            self.tell("no_ack")
            await self.hang_up_answered("no ACK")

    async def until_acked(self, response):
        """Repeat a final response to an INVITE until the ACK; False when none came."""
        request, gap, deadline = self.invite, T1, time.monotonic() + GIVE_UP
        while time.monotonic() < deadline:
            try:
                await asyncio.wait_for(self.acked.wait(), gap)
                return True
            except asyncio.TimeoutError:
                gap = min(gap * 2, T2)
                self.sip.send(response, request.source)
        return False

    def refuse(self, code, reason=None):
        response = self.sip.respond(self.invite, code, reason, tag=self.tag)
        self.phone.spawn(self.until_acked(response))
        self.over("local", "rejected", code, response.phrase)

    # ---- both

    async def hang_up(self):
        if self.state in ("up", "answering"):
            await self.hang_up_answered()
        elif self.direction == "out":
            self.cancel()
        else:
            self.refuse(603)

    async def hang_up_answered(self, reason=""):
        request = self.dialog_request("BYE")
        self.over("local", "bye", reason=reason)
        await self.sip.transact(request, self.hop)

    async def hold(self, holding):
        """Hold or resume by re-INVITE; a held peer gets no sound from us."""
        response = await self.ask("INVITE", body=self.sdp(self.media.codec, "sendonly" if holding else "sendrecv"))
        if response and response.code < 300:
            self.sip.send_ack(self.dialog_request("ACK", cseq=int(response.get("CSeq").split()[0])), self.hop)
            self.take_sdp(response.body)
            self.holding, self.media.sending = holding, not holding
        self.tell("held" if holding else "resumed", code=response.code if response else 408)

    async def refer(self, to):
        extra = [("Refer-To", f"<{to}>"), ("Referred-By", f"<{uri_of(self.local)}>")]
        response = await self.ask("REFER", extra)
        self.tell("transfer", stage="accepted" if response and response.code < 300 else "refused",
                  code=response.code if response else 408)

    def replaces(self):
        """The Refer-To that hands over this call (attended transfer)."""
        quoted = self.call_id.replace("@", "%40")
        return (f"sip:{user_of(self.remote)}@{self.sip.domain}?Replaces={quoted}%3Bto-tag%3D{param(self.remote, 'tag')}"
                f"%3Bfrom-tag%3D{self.tag}")

    def take(self, request):
        """A request inside the dialog, or the CANCEL or ACK of its INVITE."""
        handler = getattr(self, "take_" + request.method.lower(), None)
        if handler:
            handler(request)
        else:
            self.sip.respond(request, 405)

    def take_ack(self, request):
        self.acked.set()
        if self.state == "answering" and self.take_sdp(request.body) is not None:  # the INVITE had no offer
            self.came_up(by="local")

    def take_bye(self, request):
        self.sip.respond(request, 200)
        self.over("remote", "bye", reason=request.get("Reason"))

    def take_cancel(self, request):
        self.sip.respond(request, 200, tag=self.tag)
        if self.state in ("new", "ringing"):
            self.phone.spawn(self.until_acked(self.sip.respond(self.invite, 487, tag=self.tag)))
            self.over("remote", "cancelled", 487, request.get("Reason"))

    def take_invite(self, request):
        """A re-INVITE: the peer holds, resumes or moves the media."""
        self.invite = request
        self.acked.clear()
        theirs = self.take_sdp(request.body) if request.body else "sendrecv"
        if theirs is None:
            self.phone.spawn(self.until_acked(self.sip.respond(request, 488)))
            return
        wanted = theirs in ("sendrecv", "recvonly")
        direction = DIRECTIONS[wanted, theirs in ("sendrecv", "sendonly") and not self.holding]
        self.media.sending = wanted and not self.holding
        self.phone.spawn(self.until_acked(self.sip.respond(request, 200, body=self.sdp(self.media.codec, direction))))
        self.tell("reinvited", direction=theirs, remote_rtp="%s:%d" % self.media.remote)

    def take_update(self, request):
        if request.body:
            self.take_sdp(request.body)
        self.sip.respond(request, 200, body=self.sdp(self.media.codec) if request.body else "")
        self.tell("updated", **{"from": user_of(request.get("P-Asserted-Identity") or request.get("From"))})

    def take_info(self, request):
        self.sip.respond(request, 200)
        digit = re.search(r"Signal\s*=\s*(\S)", request.body)
        if digit:
            self.tell("dtmf", digit=digit.group(1), ms=None, via="info")

    def take_notify(self, request):
        """Result of our REFER, or the switch working our keys (`talk` answers, `hold` holds)."""
        self.sip.respond(request, 200)
        event = request.get("Event").split(";")[0]
        if event == "refer":
            found = re.search(r"SIP/2.0 (\d+)", request.body)
            code = int(found.group(1)) if found else 0
            self.tell("transfer", stage="trying" if code < 200 else "done" if code < 300 else "failed", code=code)
            if 200 <= code < 300 and self.state == "up":
                self.phone.spawn(self.hang_up_answered("transferred"))
            return
        self.tell("notify", about=event)
        if event == "talk" and self.direction == "in" and self.state == "ringing":
            self.phone.spawn(self.answer())
        elif event in ("talk", "hold") and self.state == "up" and self.holding != (event == "hold"):
            self.phone.spawn(self.hold(event == "hold"))


# ---------------------------------------------------------------- the phone

class Phone:
    """Registration, the table of calls, and the commands."""

    def __init__(self, options):
        self.options, self.rules = options, []
        self.calls = {}             # by our id
        self.retired = {}           # by SIP Call-ID: over, but late ACK, BYE and NOTIFY still come
        self.sip = Endpoint(options, self.take_request)
        self.registration = None    # the task that keeps it
        self.expires, self.reg_cseq, self.reg_id = 60, 0, token(16)
        self.registrar_code, self.counter = 200, 0
        self.tasks, self.done = set(), asyncio.Event()

    def tell(self, event, **fields):
        line = {"t": round(time.time(), 3), "ua": self.options.user, "event": event, **fields}
        try:
            print(json.dumps(line, ensure_ascii=False), flush=True)
        except BrokenPipeError:  # the test died: leave, but say goodbye to the switch
            sys.stdout = open(os.devnull, "w")
            self.done.set()

    def spawn(self, work):
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.reap)
        return task

    def reap(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.tell("error", detail=repr(task.exception()))

    # ---- registration

    async def send_register(self, expires):
        address, uri, tag = f"<sip:{self.options.user}@{self.sip.domain}>", f"sip:{self.sip.domain}", token()

        def build(auth):
            self.reg_cseq += 1
            return self.sip.request("REGISTER", uri, f"{address};tag={tag}", address, self.reg_id, self.reg_cseq,
                                    [("Expires", str(expires))] + auth)

        return await self.sip.authed(build, self.sip.server)

    async def keep_registered(self):
        """Register, refresh at half time; a refusal ends it, silence or a server error is tried again."""
        while True:
            response = await self.send_register(self.expires)
            code = response.code if response else 408
            if code == 200:
                granted = int(param(response.get("Contact"), "expires") or response.get("Expires") or self.expires)
                self.tell("registered", expires=granted)
                await asyncio.sleep(max(granted / 2, 1))
                continue
            self.tell("register_failed", code=code, reason=response.phrase if response else "no answer")
            if code != 408 and code < 500:
                return
            await asyncio.sleep(2)

    async def unregister(self):
        if self.registration:
            self.registration.cancel()
            self.registration = None
        response = await self.send_register(0)
        self.tell("unregistered", code=response.code if response else 408)

    # ---- requests from the network

    def take_request(self, request):
        sip_id = request.get("Call-ID")
        call = next((c for c in self.calls.values() if c.call_id == sip_id), None)
        if call is None and request.method in ("ACK", "BYE", "NOTIFY"):
            call = self.retired.get(sip_id)
        if request.method == "INVITE" and "tag=" not in request.get("To"):
            if call is None and sip_id not in self.retired and self.sip.authorised(request):
                self.new_incoming(request)
        elif call:
            call.take(request)
        elif request.method == "OPTIONS":
            self.tell("options")
            self.sip.respond(request, 200)
        elif request.method == "REGISTER":
            self.take_register(request)
        elif request.method == "NOTIFY":
            self.sip.respond(request, 200)
        elif request.method != "ACK":
            self.sip.respond(request, 481)

    def retire(self, call):
        self.calls.pop(call.id, None)
        self.retired[call.call_id] = call
        asyncio.get_running_loop().call_later(GIVE_UP, self.retired.pop, call.call_id, None)

    def new_incoming(self, invite):
        number = user_of(invite.uri)
        rule = next((r for r in reversed(self.rules) if fnmatch.fnmatch(number, r.get("number", "*"))), {"action": "ring"})
        self.counter += 1
        call = Call(self, f"in{self.counter}", "in", invite.get("Call-ID"), rule)
        self.calls[call.id] = call
        self.spawn(call.arrive(invite))

    def take_register(self, request):
        if not self.sip.authorised(request):
            return
        expires = int(request.get("Expires") or param(request.get("Contact"), "expires") or 3600)
        self.tell("far_register", user=user_of(request.get("To")), expires=expires, code=self.registrar_code,
                  contact=request.get("Contact"))
        extra = [("Contact", f"{request.get('Contact').split(';expires')[0]};expires={expires}"), ("Expires", str(expires))]
        self.sip.respond(request, self.registrar_code, extra=extra if self.registrar_code == 200 else ())

    # ---- commands

    def command(self, line):
        """One JSON line from the test."""
        given = {}
        try:
            given = json.loads(line)
            getattr(self, "do_" + given["cmd"])(given)
            answer = {"event": "ok"}
        except Exception as problem:  # a test's mistake must be told, not end the phone
            answer = {"event": "error", "detail": repr(problem)}
        self.tell(answer.pop("event"), cmd=given.get("cmd") if isinstance(given, dict) else None,
                  seq=given.get("seq") if isinstance(given, dict) else None, **answer)

    def call_of(self, given):
        if "call" in given:
            return self.calls[given["call"]]
        if len(self.calls) != 1:
            raise ValueError(f"{len(self.calls)} calls here, say which")
        return next(iter(self.calls.values()))

    def do_register(self, given):
        self.expires = given.get("expires", self.expires)
        if self.registration:
            self.registration.cancel()
        self.registration = self.spawn(self.keep_registered())

    def do_unregister(self, given):
        self.spawn(self.unregister())

    def do_call(self, given):
        self.counter += 1
        call = Call(self, given.get("id", f"out{self.counter}"), "out", token(20), given)
        if call.id in self.calls:
            raise ValueError("that id is in use")
        self.calls[call.id] = call
        self.spawn(call.dial(given["to"], given.get("from", self.options.user), given.get("name"), given.get("headers", {})))

    def do_policy(self, given):
        if given["action"] not in ("answer", "reject", "ring", "ignore"):
            raise ValueError("unknown action")
        self.rules.append(given)

    def do_answer(self, given):
        self.spawn(self.call_of(given).answer())

    def do_reject(self, given):
        self.call_of(given).refuse(given.get("code", 486), given.get("reason"))

    def do_hangup(self, given):
        self.spawn(self.call_of(given).hang_up())

    def do_hold(self, given):
        self.spawn(self.call_of(given).hold(True))

    def do_resume(self, given):
        self.spawn(self.call_of(given).hold(False))

    def do_refer(self, given):
        to = self.calls[given["replaces"]].replaces() if "replaces" in given else given["to"]
        self.spawn(self.call_of(given).refer(to if to.startswith("sip:") else f"sip:{to}@{self.sip.domain}"))

    def do_dtmf(self, given):
        self.call_of(given).media.digits.extend(given["digits"])

    def do_tone(self, given):
        self.call_of(given).media.set_tone(given["hz"])

    def do_hear(self, given):
        call = self.call_of(given)
        call.tell("heard", **call.media.heard(given.get("ms", 500), given.get("freqs", [])), **call.media.counters())

    def do_deaf(self, given):
        self.sip.deaf = given.get("on", True)

    def do_registrar(self, given):
        self.registrar_code = given["code"]

    def do_quit(self, given):
        if given.get("rude"):
            os._exit(0)
        self.done.set()

    # ---- life

    async def run(self):
        loop = asyncio.get_running_loop()
        await self.sip.open()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.done.set)
        self.tell("ready", sip="%s:%d" % self.sip.local)
        for line in self.options.do:
            self.command(line)
        if not self.options.no_stdin:
            threading.Thread(target=self.read_commands, args=(loop,), daemon=True).start()
        await self.done.wait()
        await self.leave()

    def read_commands(self, loop):
        for line in sys.stdin:
            if line.strip():
                loop.call_soon_threadsafe(self.command, line)
        loop.call_soon_threadsafe(self.done.set)

    async def leave(self):
        goodbyes = [call.hang_up() for call in list(self.calls.values())]
        if self.registration:
            goodbyes.append(self.unregister())
        if goodbyes:
            await asyncio.wait([self.spawn(g) for g in goodbyes], timeout=1)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--user", default="ua", help="our number")
    p.add_argument("--password", help="for digest; without it a challenge is a refusal")
    p.add_argument("--auth-user", help="digest user name when it is not the number")
    p.add_argument("--server", default="127.0.0.1:5060", help="where requests go")
    p.add_argument("--domain", help="SIP domain (default: the server's host)")
    p.add_argument("--local", default="127.0.0.1", help="our address, SIP and RTP")
    p.add_argument("--port", type=int, default=0, help="our SIP port (default: any)")
    p.add_argument("--codecs", default="PCMA,PCMU", help="in order of preference")
    p.add_argument("--tone", type=int, default=0, help="Hz to send in every call; 0 is silence")
    p.add_argument("--agent", default="sipua", help="User-Agent header")
    p.add_argument("--demand", metavar="USER:PASSWORD", help="challenge INVITE and REGISTER sent to us")
    p.add_argument("--realm", default="peer.example", help="realm of that challenge")
    p.add_argument("--do", action="append", default=[], metavar="JSON", help="a command to run at the start; repeatable")
    p.add_argument("--no-stdin", action="store_true", help="run until a signal")
    p.add_argument("--trace", action="store_true", help="every SIP message to stderr")
    asyncio.run(Phone(p.parse_args()).run())


if __name__ == "__main__":
    main()
