"""Calls from outside: to the queue, to its agents, to a phone."""

from console import Refused
from story import LiveCase
from lab import SIP_PASSWORD


class InboundCalls(LiveCase):
    def test_a_phone_with_the_password_registers_and_one_without_does_not(self):
        stranger = self.lab.phone("1001", password="wrong-password")
        stranger.say("register", expires=60)
        refused = stranger.expect("register_failed")
        self.assertEqual(refused["code"], 403)
        body = {"extension": "1001", "password": SIP_PASSWORD}
        with self.assertRaises(Refused) as refusal:
            self.lab.people["zhang"].post("/desk/seat/login", body)
        self.assertIn("seat.not_registered", refusal.exception.problem)

        phone = self.registered("1001", "ring")
        desk = self.lab.sit("zhang", phone)
        self.assertTrue(desk.get("/desk/seat")["registered"])

    def test_a_call_from_an_address_that_is_no_gateway_of_ours_is_refused(self):
        caller = self.lab.stranger("13900000009")
        caller.call("4001")
        ended = caller.expect("ended")
        self.assertFalse(ended["answered"])
        self.assertEqual(self.lab.ledger.calls("13900000009"), [])

    def test_a_call_through_the_queue_that_the_caller_hangs_up(self):
        agent = self.registered("1001", "answer", delay_ms=1000, tone_hz=800)
        desk = self.lab.sit("zhang", agent)
        caller = self.lab.caller("13900000001", tone=500)
        caller.call("4001")
        agent.expect("answered")
        self.lab.await_phase(desk, "talking")
        seen = desk.get("/desk/seat")["call"]
        self.assertEqual(seen["party_number"], "13900000001")
        self.assertEqual(seen["queue_name"], "Support")
        self.lab.talk(2.0)
        self.assert_hears(caller, 800)
        self.assert_hears(agent, 500)
        caller.say("hangup")
        story = self.lab.ledger.ended("13900000001")
        self.assert_told(story, "answered", caller.expect("ended"), agent.expect("ended"))
        self.assertEqual(story["call"]["agent_extension"], "1001")
        self.assertEqual(story["call"]["user_name"], "zhang")
        (visit,) = story["visits"]
        self.assertEqual((visit["outcome"], visit["agent_extension"]), ("answered", "1001"))
        self.assertAlmostEqual(visit["wait_ms"], 1000, delta=1000)
        self.assert_recorded(story)

    def test_a_call_through_the_queue_that_the_agent_hangs_up(self):
        agent = self.registered("1001", "answer", hangup_after_ms=2500)
        self.lab.sit("zhang", agent)
        caller = self.lab.caller("13900000002")
        caller.call("4001")
        caller_end, agent_end = caller.expect("ended"), agent.expect("ended")
        story = self.lab.ledger.ended("13900000002")
        self.assert_told(story, "answered", caller_end, agent_end)
        self.assert_recorded(story)

    def test_an_agent_who_does_not_answer_is_followed_by_the_next(self):
        self.lab.add_phones("1011", "1012")
        self.lab.open_queue("patient", "4011", "1011", "1012")
        first, second = self.registered("1011", "ring"), self.registered("1012", "answer")
        self.lab.sit("zhang", first)
        self.lab.sit("li", second)
        caller = self.lab.caller("13900000003")
        caller.call("4011")
        second.expect("answered", 40)
        self.lab.talk(2.0)
        caller.say("hangup")
        story = self.lab.ledger.ended("13900000003")
        self.assert_told(story, "answered", caller.expect("ended"), second.expect("ended"))
        self.assertFalse(first.expect("ended")["answered"])
        self.assertEqual(story["call"]["agent_extension"], "1012")
        (visit,) = story["visits"]
        offers = [(offer["agent_extension"], offer["result"]) for offer in visit["offers"]]
        self.assertEqual(offers, [("1011", "no_answer"), ("1012", "answered")])

    def test_an_agent_who_refuses_is_followed_by_the_next(self):
        self.lab.add_phones("1021", "1022")
        self.lab.open_queue("busy", "4021", "1021", "1022")
        first, second = self.registered("1021", "reject", code=486), self.registered("1022", "answer")
        self.lab.sit("zhang", first)
        self.lab.sit("li", second)
        caller = self.lab.caller("13900000004")
        caller.call("4021")
        second.expect("answered")
        self.lab.talk(2.0)
        caller.say("hangup")
        story = self.lab.ledger.ended("13900000004")
        self.assert_told(story, "answered", caller.expect("ended"), second.expect("ended"))
        offers = [(offer["agent_extension"], offer["result"]) for offer in story["visits"][0]["offers"]]
        self.assertEqual(offers, [("1021", "busy"), ("1022", "answered")])

    def test_a_caller_who_gives_up_waiting_has_abandoned_the_queue(self):
        agent = self.registered("1001", "ring")
        self.lab.sit("zhang", agent)
        caller = self.lab.caller("13900000005")
        caller.call("4001", hangup_after_ms=2000)
        ended = caller.expect("ended")
        story = self.lab.ledger.ended("13900000005")
        self.assert_told(story, "abandoned", ended)
        self.assertEqual(story["call"]["hangup_side"], "caller")
        (visit,) = story["visits"]
        self.assertEqual(visit["outcome"], "abandoned")
        self.assertAlmostEqual(visit["wait_ms"] / 1000, ended["seconds"], delta=1.0)
        self.assertEqual([offer["result"] for offer in visit["offers"]], ["cancelled"])

    def test_a_call_straight_to_a_phone(self):
        phone = self.registered("1003", "answer", delay_ms=500, hangup_after_ms=2000)
        caller = self.lab.caller("13900000006")
        caller.call("4002")
        caller_end, phone_end = caller.expect("ended"), phone.expect("ended")
        story = self.lab.ledger.ended("13900000006")
        self.assert_told(story, "answered", caller_end, phone_end)
        self.assertEqual(story["visits"], [])

    def test_a_number_that_nobody_has_is_refused(self):
        caller = self.lab.caller("13900000007")
        caller.call("4999")
        ended = caller.expect("ended")
        self.assertFalse(ended["answered"])
        story = self.lab.ledger.ended("13900000007")
        self.assertEqual(story["call"]["result"], "failed")
        self.assertEqual(story["call"]["talk_ms"], 0)
