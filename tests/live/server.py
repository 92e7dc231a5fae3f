"""The real `cordboard` binary with data of its own."""

import os
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import wait


class Cordboard:
    """Runs on one port; its data survive `kill` and `start`."""

    def __init__(self, root, port):
        self.root, self.port = Path(root), port
        self.root.mkdir(parents=True, exist_ok=True)
        self.base = f"http://127.0.0.1:{port}"
        self._process = None

    @property
    def database(self):
        """The SQLite file."""
        return self.root / "data" / "cordboard.db"

    def start(self):
        """Starts it and waits until it is ready."""
        binary = os.environ["LIVE_CORDBOARD"]
        options = ["simulator.mode=off", f"log.level={os.environ.get('LIVE_LOG', 'info')}"]
        command = [binary, "serve", "--port", str(self.port), "--data", "data"]
        for option in options:
            command += ["--set", option]
        out = open(self.root / "cordboard.out", "ab")
        self._process = subprocess.Popen(
            command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
        out.close()
        wait.until("answer of Cordboard", self._answers, 60)

    def _answers(self):
        assert self._process.poll() is None, f"Cordboard ended: {self.root / 'cordboard.out'}"
        try:
            with urllib.request.urlopen(self.base + "/healthz", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def kill(self):
        """kill -9."""
        self._process.kill()
        self._process.wait(10)
        self._process = None

    def stop(self):
        """Ctrl-C; returns the exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            return None
