"""Calls out through the gateway, dialled at the phone and at the toolbar."""

from story import LiveCase


class OutboundCalls(LiveCase):
    def setUp(self):
        super().setUp()
        self.far = self.lab.far_end()
        self.phone = self.registered("1001", "answer")

    def test_a_call_out_that_is_answered_and_that_the_far_end_hangs_up(self):
        self.far.policy("answer", delay_ms=1000, hangup_after_ms=2500)
        self.phone.call("901380000001")
        story, far_end = self.close("01380000001")
        self.assert_told(story, "answered", self.phone.expect("ended"), far_end)
        self.assertEqual(story["call"]["direction"], "outbound")
        self.assertEqual(story["call"]["gateway"], "trunk")
        self.assertAlmostEqual(story["call"]["ring_ms"], 1000, delta=800)

    def test_a_call_out_that_is_answered_and_that_we_hang_up(self):
        self.far.policy("answer")
        self.phone.call("901380000002", hangup_after_ms=2500)
        story, far_end = self.close("01380000002")
        self.assert_told(story, "answered", self.phone.expect("ended"), far_end)

    def test_a_called_number_that_is_busy(self):
        self.far.policy("reject", code=486)
        self.assert_fails("01380000003", "busy", "USER_BUSY", 486)

    def test_a_called_number_that_refuses(self):
        self.far.policy("reject", code=603)
        self.assert_fails("01380000004", "rejected", "CALL_REJECTED", 603)

    def test_a_called_number_that_does_not_answer(self):
        self.far.policy("ring")
        self.phone.call("901380000005")
        story, _ = self.close("01380000005")
        self.assert_not_answered(story, "no_answer")
        self.assertEqual(story["call"]["hangup_side"], "system")

    def test_a_call_out_that_we_give_up_while_it_rings(self):
        self.far.policy("ring")
        self.phone.call("901380000006", give_up_after_ms=1500)
        story, _ = self.close("01380000006")
        self.assert_not_answered(story, "cancelled")
        self.assertEqual(story["call"]["hangup_side"], "caller")

    def test_a_far_end_that_is_not_there(self):
        self.far.say("deaf")
        self.phone.call("901380000007", give_up_after_ms=15000)
        self.phone.expect("ended")
        story = self.lab.ledger.ended("901380000007")
        self.assert_not_answered(story, "no_answer")

    def test_a_number_dialled_at_the_toolbar(self):
        self.far.policy("answer", delay_ms=500, hangup_after_ms=2500)
        desk = self.lab.sit("zhang", self.phone)
        desk.post("/desk/seat/dial", {"number": "901380000008"})
        self.lab.await_phase(desk, "talking")
        own_end, far_end = self.phone.expect("ended"), self.far.expect("ended", answered=True)
        story = self.lab.ledger.ended("01380000008")
        self.assert_told(story, "answered", own_end, far_end)
        self.assertEqual(story["call"]["direction"], "outbound")
        self.assertEqual(story["call"]["user_name"], "zhang")
        self.assertEqual(story["call"]["agent_extension"], "1001")

    def close(self, number):
        """The end of the call to this number: what the ledger and what the far end say."""
        far_end = self.far.expect("ended", 40)
        return self.lab.ledger.ended("9" + number), far_end

    def assert_fails(self, number, result, cause, code):
        """The far end answers with a failure, which the phone and the ledger learn truly."""
        self.phone.call("9" + number)
        story, far_end = self.close(number)
        self.assert_not_answered(story, result)
        self.assertEqual(far_end["code"], code)
        self.assertEqual(story["call"]["hangup_cause"], cause)
        self.assertEqual(story["call"]["hangup_side"], "callee")
        (called,) = [leg for leg in story["legs"] if leg["gateway"] == "trunk"]
        self.assertEqual(called["sip_status"], code)

    def assert_not_answered(self, story, result):
        """Nobody talked, and the phone saw the same."""
        self.assertFalse(self.phone.expect("ended")["answered"])
        call = story["call"]
        self.assertEqual((call["result"], call["talk_ms"], call["talk_started_at"]), (result, 0, None), call)
