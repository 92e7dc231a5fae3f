"""What happens during a talk: hold, retrieve, blind transfer."""

import time

from story import LiveCase


class Talks(LiveCase):
    def talking(self, number):
        """A caller who talks with zhang at 1001."""
        agent = self.registered("1001", "answer")
        desk = self.lab.sit("zhang", agent)
        caller = self.lab.caller(number)
        caller.call("4001")
        agent.expect("answered")
        self.lab.await_phase(desk, "talking")
        return caller, agent, desk

    def test_hold_at_the_toolbar_is_in_the_ledger(self):
        caller, agent, desk = self.talking("13900000031")
        self.lab.talk(1.5)
        desk.post("/desk/seat/hold")
        self.lab.await_phase(desk, "held")
        begin = time.monotonic()
        self.lab.talk(2.5)
        desk.post("/desk/seat/retrieve")
        self.lab.await_phase(desk, "talking")
        held = time.monotonic() - begin
        self.lab.talk(1.5)
        caller.say("hangup")
        story = self.lab.ledger.ended("13900000031")
        self.assert_told(story, "answered", caller.expect("ended"), agent.expect("ended"), hold=held)
        self.assert_held_once(story)
        self.assert_recorded(story)

    def test_hold_at_the_phone_is_in_the_ledger(self):
        caller, agent, desk = self.talking("13900000032")
        agent.say("hold")
        agent.expect("held")
        begin = time.monotonic()
        self.lab.await_phase(desk, "held")
        self.lab.talk(2.5)
        agent.say("resume")
        agent.expect("resumed")
        held = time.monotonic() - begin
        self.lab.await_phase(desk, "talking")
        self.lab.talk(1.0)
        agent.say("hangup")
        story = self.lab.ledger.ended("13900000032")
        self.assert_told(story, "answered", caller.expect("ended"), agent.expect("ended"), hold=held)
        self.assert_held_once(story)

    def test_a_blind_transfer_is_one_call_with_two_talks(self):
        other = self.registered("1003", "answer", delay_ms=300)
        caller, agent, _ = self.talking("13900000033")
        self.lab.talk(2.0)
        agent.say("refer", to="1003")
        first = agent.expect("ended")
        other.expect("answered")
        self.lab.talk(2.0)
        other.say("hangup")
        second, caller_end = other.expect("ended"), caller.expect("ended")
        story = self.lab.ledger.ended("13900000033")
        both = {**second, "seconds": first["seconds"] + second["seconds"]}
        self.assert_told(story, "answered", caller_end, both)
        self.assertEqual(len(story["legs"]), 3)
        kinds = [event["kind"] for event in story["events"]]
        self.assertEqual(kinds.count("bridged"), 2, kinds)
        self.assertIn("transferred", kinds)

    def assert_held_once(self, story):
        """The time line tells of one hold and its end."""
        kinds = [event["kind"] for event in story["events"]]
        self.assertEqual((kinds.count("held"), kinds.count("retrieved")), (1, 1), kinds)
