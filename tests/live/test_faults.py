"""Power cuts with calls up: the switch's and Cordboard's."""

import time

import wait
from ledger import seconds_between
from story import LiveCase


class Faults(LiveCase):
    def talking(self, person, agent, number):
        """A caller who talks with this person; the phone asks the queue's agents in order, so only one is free."""
        desk = self.lab.sit(person, agent)
        caller = self.lab.caller(number)
        caller.call("4001")
        agent.expect("answered")
        self.lab.await_phase(desk, "talking")
        return caller, desk

    def test_calls_of_a_switch_that_was_killed_end_with_a_mark_and_the_next_call_goes_through(self):
        agent = self.registered("1001", "answer")
        _, desk = self.talking("zhang", agent, "13900000041")
        waiting = self.lab.caller("13900000042")
        waiting.call("4001")
        waiting.expect("answered")
        self.lab.ledger.live("13900000042")
        self.lab.talk(2.0)
        talked = time.time() - agent.expect("answered")["t"]
        self.lab.switch.kill()
        wait.until("notice of the loss", lambda: not self.lab.is_live())
        self.lab.switch.start()
        self.lab.await_whole()

        story = self.lab.ledger.ended("13900000041")["call"]
        self.assertEqual((story["result"], story["end_mark"]), ("answered", "switch_lost"), story)
        self.assertEqual(story["hangup_side"], "system")
        self.assertAlmostEqual(story["talk_ms"] / 1000, talked, delta=1.5)
        lost = self.lab.ledger.ended("13900000042")
        self.assertEqual((lost["call"]["result"], lost["call"]["end_mark"]), ("unknown", "switch_lost"))
        self.assertEqual([visit["outcome"] for visit in lost["visits"]], ["lost"])
        live = [row for row in self.lab.ledger.calls("139") if row["state"] == "live"]
        self.assertEqual(live, [])
        self.assertIsNone(desk.get("/desk/seat").get("call"))

        again = self.lab.phone("1001")
        again.policy("answer")
        again.register()
        self.lab.await_registration(desk)
        caller = self.lab.caller("13900000043")
        caller.call("4001")
        again.expect("answered", 40)
        self.lab.talk(2.0)
        caller.say("hangup")
        story = self.lab.ledger.ended("13900000043")
        self.assert_told(story, "answered", caller.expect("ended"), again.expect("ended"))

    def test_calls_survive_a_killed_cordboard_and_the_records_are_complete(self):
        first, second = self.registered("1001", "answer"), self.registered("1002", "answer")
        going_on, desk = self.talking("zhang", first, "13900000051")
        ending, other_desk = self.talking("li", second, "13900000052")
        since = self.lab.await_phase(desk, "talking")["since"]
        self.lab.cordboard.kill()

        self.lab.talk(2.0)
        ending.say("hangup")
        ended, second_end = ending.expect("ended"), second.expect("ended")
        second.mark()
        # Nobody but the snapshot and the switch's own queue bring this one to the agent.
        unseen = self.lab.caller("13900000053")
        unseen.call("4001", hangup_after_ms=4000)
        unseen_agent = second.expect("ended", 40)
        unseen_end = unseen.expect("ended")
        wait.until("records put aside", lambda: len(list(self.lab.switch.spool.iterdir())) >= 4)

        self.lab.cordboard.start()
        self.lab.await_whole()
        seen = self.lab.await_phase(desk, "talking")
        self.assertEqual(seen["party_number"], "13900000051")
        self.assertLess(abs(seconds_between(since, seen["since"])), 1.0)
        self.assertIsNone(other_desk.get("/desk/seat").get("call"))
        rows = self.lab.ledger.calls("1390000005")
        self.assertEqual([row["caller_number"] for row in rows if row["state"] == "live"], ["13900000051"])

        going_on.say("hangup")
        story = self.lab.ledger.ended("13900000051")
        self.assert_told(story, "answered", going_on.expect("ended"), first.expect("ended"))
        self.assert_recorded(story)
        wait.until("collected records", lambda: not list(self.lab.switch.spool.iterdir()), 90)
        for number, caller, callee in (
            ("13900000052", ended, second_end),
            ("13900000053", unseen_end, unseen_agent),
        ):
            with self.subTest(number):
                story = self.lab.ledger.ended(number)
                self.assert_told(story, "answered", caller, callee, mark={"cdr", "resync"})
                self.assertEqual(story["call"]["agent_extension"], "1002")
                self.assertEqual([visit["outcome"] for visit in story["visits"]], ["answered"])
