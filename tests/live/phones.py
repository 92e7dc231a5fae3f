"""Phones, trunk callers and far ends: each is a `sipua.py` in a process of its own."""

import fnmatch
import json
import subprocess
import sys
import threading
from pathlib import Path

import wait

SCRIPT = Path(__file__).with_name("sipua.py")


class Phone:
    """One SIP endpoint. Keeps all that it tells; `expect` looks at what came after the last `mark`."""

    def __init__(self, user, *arguments):
        self.user = user
        self._changed = threading.Condition()
        self._events = []
        self._from = 0
        command = [sys.executable, str(SCRIPT), "--user", user, *map(str, arguments)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        threading.Thread(target=self._listen, daemon=True).start()
        self.expect("ready")

    def _listen(self):
        for line in self._process.stdout:
            with self._changed:
                self._events.append(json.loads(line))
                self._changed.notify_all()

    def say(self, cmd, **fields):
        """Gives a command; a refusal is an error of the test."""
        self._process.stdin.write(json.dumps({"cmd": cmd, **fields}) + "\n")
        self._process.stdin.flush()

    def events(self, event="*", **fields):
        """What was told since the last mark, of this kind and with these fields."""
        with self._changed:
            return [e for e in self._events[self._from :] if _fits(e, event, fields)]

    def expect(self, event, seconds=None, **fields):
        """Waits for the first event of this kind since the last mark."""
        with self._changed:
            come = self._changed.wait_for(
                lambda: any(_fits(e, event, fields) for e in self._events[self._from :]),
                seconds or wait.PATIENCE,
            )
            seen = self._events[self._from :]
        if not come:
            raise wait.TimedOut(f"{self.user}: no {event} {fields}; came: {seen}")
        return next(e for e in seen if _fits(e, event, fields))

    def mark(self):
        """Forgets what came until now."""
        with self._changed:
            self._from = len(self._events)

    def policy(self, action, **fields):
        """What to do with the next incoming calls."""
        self.say("policy", action=action, **fields)

    def register(self, seconds=None):
        """Registers and waits until it is."""
        self.say("register", expires=120)
        self.expect("registered", seconds)

    def call(self, number, **fields):
        """Calls; the event `ended` closes the call."""
        self.say("call", to=number, **fields)

    def kill(self):
        """A power cut."""
        self._process.kill()
        self._process.wait(10)

    def close(self):
        """Hangs up, unregisters, leaves."""
        if self._process.poll() is None:
            self._process.stdin.close()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process.stdout.close()


def _fits(told, event, fields):
    return fnmatch.fnmatchcase(told["event"], event) and all(told.get(k) == v for k, v in fields.items())
