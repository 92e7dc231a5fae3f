"""A test case that has a lab, and that compares the ledger with what the phones saw."""

import unittest
import wave
from pathlib import Path

import wait
from lab import Lab


class LiveCase(unittest.TestCase):
    """One lab for all tests of a class; phones and seats are new for each."""

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)

    def setUp(self):
        self.addCleanup(self.lab.hang_up_phones)
        self.addCleanup(self.lab.leave)

    def registered(self, number, action, **policy):
        """A registered phone of the house."""
        phone = self.lab.phone(number)
        phone.policy(action, **policy)
        phone.register()
        return phone

    def assert_told(self, story, result, caller, callee=None, hold=0.0, mark=(None,)):
        """The ledger says what the ends of both phones say: what became of it, who hung up, how long they talked,
        holds included."""
        call = story["call"]
        talk = 0.0 if callee is None else callee["seconds"]
        self.assertEqual(call["result"], result, call)
        self.assertAlmostEqual(call["talk_ms"] / 1000, talk, delta=1.0, msg=call)
        self.assertAlmostEqual(call["hold_ms"] / 1000, hold, delta=1.0, msg=call)
        self.assertEqual(call["talk_started_at"] is not None, callee is not None, call)
        self.assertEqual(call["hangup_side"], _side(caller, callee), call)
        self.assertIn(call["end_mark"], mark, call)
        self.assertEqual(len(story["legs"]), call["leg_count"])

    def assert_hears(self, phone, tone):
        """The tone of the other party, in Hz, arrives at this phone."""
        phone.say("hear", freqs=[tone])
        levels = phone.expect("heard")["levels"]
        self.assertGreater(levels[str(tone)], 1000)

    def assert_recorded(self, story):
        """There is one recording, as long as they talked, in the form and place that the ledger names."""
        recording = wait.until("finished recording", lambda: self._ready(story["call"]["id"]))
        talked = story["call"]["talk_ms"] / 1000
        self.assertAlmostEqual(recording["duration_ms"] / 1000, talked, delta=1.0)
        (path,) = Path(self.lab.switch.root, "recordings").rglob(f"*{recording['leg_id']}*.wav")
        with wave.open(str(path)) as sound:
            self.assertEqual(sound.getnchannels(), 2, "caller and agent on a side each")
            self.assertAlmostEqual(sound.getnframes() / sound.getframerate(), talked, delta=1.0)
        self.assertEqual(recording["size_bytes"], path.stat().st_size)

    def _ready(self, call):
        recordings = self.lab.admin.get(f"/calls/{call}")["recordings"]
        self.assertEqual(len(recordings), 1)
        return recordings[0] if recordings[0]["state"] == "ready" else None


def _side(caller, callee):
    """Who hung up, as the phones saw it."""
    if caller["by"] == "local":
        return "caller"
    if callee is not None and callee["by"] == "local":
        return "callee"
    return "system"
