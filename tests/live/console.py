"""The HTTP API of Cordboard as one person uses it."""

import json
import time
import urllib.error
import urllib.request


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem}")
        self.status, self.problem = status, problem


class Console:
    """Signs in when first needed, and again before the token ends."""

    def __init__(self, base, user_name, password):
        self.base, self._name, self.password = base, user_name, password
        self._token, self._good_until = None, 0.0

    def get(self, path):
        """GET below /api/v1."""
        return self._ask("GET", path, None)

    def post(self, path, body=None):
        """POST below /api/v1."""
        return self._ask("POST", path, body)

    def put(self, path, body):
        """PUT below /api/v1."""
        return self._ask("PUT", path, body)

    def change_password(self, new):
        """What everybody has to do after the first sign-in."""
        self.post("/auth/password", {"current": self.password, "new": new})
        self.password, self._token = new, None

    def _ask(self, method, path, body):
        if self._token is None or time.monotonic() > self._good_until:
            answer = self._send("POST", "/auth/login", {"user_name": self._name, "password": self.password})
            self._token = answer["access_token"]
            self._good_until = time.monotonic() + answer["expires_in_secs"] - 60
        return self._send(method, path, body, self._token)

    def _send(self, method, path, body, token=None):
        request = urllib.request.Request(self.base + "/api/v1" + path, method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        data = None
        if body is not None:
            request.add_header("Content-Type", "application/json")
            data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data, timeout=15) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, error.read().decode(errors="replace")) from None
        return json.loads(text) if text else None
