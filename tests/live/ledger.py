"""What Cordboard wrote down, read over its API."""

from datetime import datetime

import wait


class Ledger:
    """The history as the administrator sees it."""

    def __init__(self, console):
        self._console = console

    def calls(self, number):
        """All calls from or to this number, the newest first."""
        return self._console.get(f"/calls?number={number}")["rows"]

    def ended(self, number, seconds=None):
        """The one call of this number, once it has ended and the records of all its legs are in."""
        return wait.until(f"ended call of {number}", lambda: self._complete(number), seconds)

    def live(self, number):
        """The one call of this number, while it lasts."""
        return wait.until(f"live call of {number}", lambda: self._in_state(number, "live"))

    def _complete(self, number):
        story = self._in_state(number, "ended")
        if story and all(leg["ended_at"] for leg in story["legs"]):
            return story
        return None

    def _in_state(self, number, state):
        rows = self.calls(number)
        assert len(rows) <= 1, f"{len(rows)} calls of {number}: {rows}"
        if rows and rows[0]["state"] == state:
            return self._console.get(f"/calls/{rows[0]['id']}")
        return None


def seconds_between(begin, end):
    """Seconds between two instants of the API."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
