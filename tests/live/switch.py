"""A real FreeSWITCH, started from `deploy/freeswitch` in a folder of its own."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import wait

BOOTSTRAP = Path(__file__).resolve().parents[2] / "deploy" / "freeswitch"
FOLDERS = ("log", "db", "run", "storage", "recordings", "sounds", "certs", "cache")


class FreeSwitch:
    """Installed as the bootstrap's README says; runs after `configure` and `start`."""

    def __init__(self, root):
        self.root = Path(root)
        self.conf = self.root / "conf"
        shutil.copytree(BOOTSTRAP, self.conf)
        for name in FOLDERS:
            (self.root / name).mkdir()
        self.spool = self.root / "storage" / "cdr-failed"
        self.spool.mkdir()
        self._process = self._esl_port = None

    def configure(self, values):
        """Puts values into vars.xml, the only file to change."""
        self._esl_port = values["esl_port"]
        path = self.conf / "vars.xml"
        text = path.read_text()
        for name, value in values.items():
            text, count = re.subn(rf'data="{name}=[^"]*"', f'data="{name}={value}"', text)
            assert count == 1, f"vars.xml has no {name}"
        path.write_text(text)

    def start(self):
        """Starts it and waits for its event socket."""
        command = [os.environ["FREESWITCH_BIN"], "-nonat", "-nf", "-nc", "-conf", str(self.conf)]
        for name in FOLDERS:
            command += [f"-{name}", str(self.root / name)]
        command += ["-temp", str(self.root / "run")]
        out = open(self.root / "freeswitch.out", "ab")
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        out.close()
        wait.until("event socket", self._listens, 60)

    def _listens(self):
        assert self._process.poll() is None, f"FreeSWITCH ended: {self.root / 'freeswitch.out'}"
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self._esl_port)) == 0

    def kill(self):
        """kill -9: nobody is told anything."""
        self._process.kill()
        self._process.wait(10)
        self._process = None

    def stop(self):
        """Ends it for good."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
