"""Waiting for something to become true, with an end."""

import os
import time

# A loaded machine needs patience; nothing here waits longer than it must.
PATIENCE = float(os.environ.get("LIVE_PATIENCE_SECS", "20"))


class TimedOut(AssertionError):
    """What was waited for did not come."""


def until(what, condition, seconds=None, every=0.1):
    """Asks `condition` again and again; returns its first true answer."""
    end = time.monotonic() + (seconds or PATIENCE)
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimedOut(f"no {what} within {seconds or PATIENCE:g} s; last answer: {answer!r}")
        time.sleep(every)
