"""One call center: a real FreeSWITCH, the real Cordboard, and what stands in its configuration.

    1001, 1002, 1003   phones; 1001 and 1002 answer the queue `support`, 1003 is nobody's
    4001               number from outside, goes to the queue
    4002               number from outside, goes straight to 1003
    9 and a number     out by the gateway `trunk`, whose far end is `lab.far_end_port`
"""

import os
import re
import secrets
import shutil
import sqlite3
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import ports
import wait
from console import Console, Refused
from ledger import Ledger
from phones import Phone
from server import Cordboard
from switch import FreeSwitch

PASSWORD = secrets.token_urlsafe(12)
SIP_PASSWORD = "".join(secrets.choice("abcdefghkmnpqrstuvwxyz") for _ in range(16))
DOMAIN = "127.0.0.1"
QUEUE = {"strategy": "sequentially_by_agent_order", "record": True}
AGENT = {"max_no_answer": 0, "wrap_up_secs": 0, "no_answer_delay_secs": 30, "ring_secs": 5}


class Lab:
    """Everything, running. `close` ends it and keeps the folder if `LIVE_KEEP` is set."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="cordboard-live-"))
        self._phones = []
        self.internal, self.external = ports.free_for_sip(), ports.free_for_sip()
        self.far_end_port = ports.free_for_sip()
        self.esl_port = ports.free()
        self.switch = FreeSwitch(self.root / "switch")
        self.cordboard = Cordboard(self.root / "cordboard", ports.free())
        self.cordboard.start()
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self):
        self.admin = Console(self.cordboard.base, "admin", "123456")
        self.admin.change_password(PASSWORD)
        self.ledger = Ledger(self.admin)
        esl_password = secrets.token_urlsafe(12)
        server = self._configure_server(esl_password)
        self.switch.configure(
            {
                "switch_name": "live-1",
                "cordboard_url": f"{self.cordboard.base}/switch/{server['id']}",
                "cordboard_credentials": f"switch:{server['generated_http_password']}",
                "esl_port": self.esl_port,
                "esl_password": esl_password,
            }
        )
        self._configure_house(server["id"])
        self.switch.start()
        self.await_whole()

    def _configure_server(self, esl_password):
        switch = self.switch
        return self.admin.post(
            "/voice/servers",
            {
                "name": "Live",
                "switch_name": "live-1",
                "address": "127.0.0.1",
                "esl_port": self.esl_port,
                "esl_password": esl_password,
                "sip_domain": DOMAIN,
                "http_user": "switch",
                "internal_port": self.internal,
                "external_port": self.external,
                "codecs": "PCMA,PCMU",
                "record_dir_local": str(switch.root / "recordings"),
                "control_url": self.cordboard.base,
                "snapshot_path": str(switch.conf / "snapshot.xml"),
                "cdr_spool_dir": str(switch.spool),
            },
        )

    def _configure_house(self, server):
        gateway = {"name": "trunk", "kind": "nni", "proxy": "127.0.0.1", "port": self.far_end_port}
        gateway = self.admin.post("/voice/gateways", {"server_id": server, **gateway})
        self._server = server
        self.add_phones("1001", "1002", "1003")
        self.open_queue("support", "4001", "1001", "1002")
        self.add_route(name="to 1003", kind="inbound", pattern="4002", target_number="1003")
        self.add_route(name="inside", kind="basic", pattern=r"^(1\d{3})$")
        out = {"gateway_id": gateway["id"], "strip_digits": 1, "ring_secs": 5}
        self.add_route(name="outside", kind="outbound", pattern=r"^9\d{3,}$", **out)
        self.people = {name: self._hire(name) for name in ("zhang", "li")}

    def add_phones(self, *numbers):
        """Extensions that ring for ten seconds; returns their ids."""
        fields = {"server_id": self._server, "password": SIP_PASSWORD, "may_dial_out": True, "ring_secs": 10}
        return [self.admin.post("/voice/extensions", {"number": n, **fields})["id"] for n in numbers]

    def add_route(self, **fields):
        """A rule, after all others."""
        self.admin.post("/voice/routes", {"server_id": self._server, **fields})

    def open_queue(self, code, number, *phones):
        """A queue behind a number from outside; its agents are asked in this order."""
        fields = {"server_id": self._server, "code": code, "name": code.capitalize(), **QUEUE}
        queue = self.admin.post("/voice/queues", fields)
        known = {row["number"]: row["id"] for row in self.admin.get("/voice/extensions")["rows"]}
        agents = [
            {"extension_id": known[phone], "level": 1, "position": place, **AGENT}
            for place, phone in enumerate(phones, 1)
        ]
        body = {"agents": agents, "version": queue["version"]}
        self.admin.put(f"/voice/queues/{queue['id']}/agents", body)
        self.add_route(name=f"to {code}", kind="inbound", pattern=number, queue_id=queue["id"])

    def _hire(self, name):
        """An agent's account, with the administrator's password: straight into the table, for accounts are not yet
        made over HTTP."""
        now = datetime.now(timezone.utc).isoformat()
        with sqlite3.connect(self.cordboard.database, timeout=10) as db:
            (hashed,) = db.execute("SELECT password_hash FROM users WHERE user_name = 'admin'").fetchone()
            user = db.execute(
                "INSERT INTO users (user_name, full_name, password_hash, must_change_password, is_admin, is_agent,"
                " is_enabled, failed_logins, password_changed_at, created_at, updated_at, version)"
                " VALUES (?, ?, ?, 0, 0, 1, 1, 0, ?, ?, ?, 1)",
                (name, name, hashed, now, now, now),
            ).lastrowid
            db.execute(
                "INSERT INTO user_roles (user_id, role_id) SELECT ?, id FROM roles WHERE code = 'agent'", (user,)
            )
        db.close()
        return Console(self.cordboard.base, name, PASSWORD)

    def await_whole(self):
        """Waits until the session with the switch is live and the profiles are up."""
        wait.until("live session with the switch", self.is_live, 60)

    def is_live(self):
        """Whether Cordboard calls the switch live."""
        (server,) = self.admin.get("/voice/servers")["rows"]
        return (server.get("status") or {}).get("state") == "live"

    def phone(self, number, password=None, **options):
        """A phone of the house."""
        arguments = ["--password", password or SIP_PASSWORD, "--server", f"127.0.0.1:{self.internal}"]
        return self._keep(Phone(number, *arguments, *_flags(options)))

    def caller(self, number, **options):
        """Somebody outside, who comes in by the trunk."""
        return self._keep(Phone(number, "--server", f"127.0.0.1:{self.external}", *_flags(options)))

    def stranger(self, number):
        """Somebody whose address is no gateway's."""
        return self.caller(number, local="127.0.0.2")

    def far_end(self):
        """Where calls through the gateway arrive."""
        return self._keep(Phone("gw", "--port", self.far_end_port))

    def _keep(self, phone):
        self._phones.append(phone)
        return phone

    def hang_up_phones(self):
        """Ends all phones."""
        while self._phones:
            self._phones.pop().close()

    def sit(self, person, phone):
        """Signs somebody in at a phone and makes him ready."""
        desk = self.people[person]
        body = {"extension": phone.user, "password": SIP_PASSWORD}
        wait.until("registered extension", lambda: _signed_in(desk, body))
        desk.post("/desk/seat/ready")
        return desk

    def await_phase(self, desk, phase):
        """Waits until the toolbar shows its call in this phase, and returns the call."""
        what = f"call that is {phase}"
        return wait.until(what, lambda: (c := desk.get("/desk/seat").get("call")) and c["phase"] == phase and c)

    def await_registration(self, desk):
        """Waits until the toolbar shows its phone as there."""
        wait.until("registered phone", lambda: desk.get("/desk/seat")["registered"])

    def talk(self, seconds):
        """People talk for so long; the length is what the tests measure."""
        time.sleep(seconds)

    def leave(self):
        """Everybody signs out."""
        for desk in self.people.values():
            if desk.get("/desk/seat")["signed_in"]:
                wait.until("end of the call", lambda desk=desk: not desk.get("/desk/seat").get("call"))
                desk.post("/desk/seat/logout")

    def log(self):
        """What Cordboard complained about."""
        text = (self.cordboard.root / "cordboard.out").read_text()
        return [line for line in text.splitlines() if re.search(r"\b(WARN|ERROR)\b", line)]

    def close(self):
        """Ends everything."""
        self.hang_up_phones()
        self.cordboard.stop()
        self.switch.stop()
        if os.environ.get("LIVE_KEEP"):
            print(f"kept {self.root}")
        else:
            shutil.rmtree(self.root, ignore_errors=True)


def _flags(options):
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _signed_in(desk, body):
    try:
        return desk.post("/desk/seat/login", body)["signed_in"]
    except Refused as refused:
        if "seat.not_registered" in refused.problem:
            return False
        raise
