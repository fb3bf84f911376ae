"""Stories of agents' phones: they vanish, die, are rung for each call, are real ones."""
import struct
import subprocess
import time
import wave

import peers
from harness import OWNED, kept_port, stage, wait_for
from peers import Phone, tone
from scene import PHONES, Process, one_talk


def seat_is(box, agent, up):
    return next(a["seat_up"] for a in box.status()["agents"] if a["name"] == agent) == up


def two_agents_one_talk(box, trunk_port, actors):
    """Returns customer, call, the phone that talks, the other one."""
    customer = Phone(trunk_port, sound=tone(400, 4000))
    phones = [Phone(sound=tone(1000, 4000)) for _ in range(2)]
    actors += [customer, *phones]
    box.start()
    box.campaign(mode="progressive", extra="retry = ();")
    for i, p in enumerate(phones):
        box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{p.port}")
    box.seats_up(2)
    box.contacts([PHONES[0]])
    box.cli("campaign", "start", "test")
    call = wait_for("the customer hears an agent", lambda: customer.hears(1000, 3000), 20)
    first = wait_for("an agent who hears the customer", lambda: next((p for p in phones if p.hears(400, 2000)), None), 8)
    return customer, call, first, next(p for p in phones if p is not first)


def goes_to_the_next(box, customer, call, second):
    wait_for("the other agent hears him", lambda: second.hears(400, 2000), 10)
    assert call["state"] == "up"
    wait_for("he hears the other agent", lambda: customer.hears(1000, 3000), 5)
    customer.hang_up(call)
    rows = wait_for("the row", box.closed_rows, 8)
    assert len(box.rows()) == 1 and rows[0]["outcome"] == "connected" and rows[0]["ended_by"] == "callee", rows


def an_agents_phone_hangs_up_and_the_customer_goes_to_the_next():
    """The agent's phone hangs up in mid-talk: the seat is down, the customer is given to the next agent, one row remains."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, first, second = two_agents_one_talk(box, trunk_port, actors)
        first.answer = False
        first.hang_up(first.up()[0])
        goes_to_the_next(box, customer, call, second)


def an_agents_phone_dies_and_the_customer_goes_to_the_next():
    """The process of the agent's phone dies in mid-talk, without a word: its ports refuse. The customer goes to the next agent."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, first, second = two_agents_one_talk(box, trunk_port, actors)
        first.die()
        goes_to_the_next(box, customer, call, second)


def an_idle_phone_dies_and_is_rung_again():
    """The process of an idle agent's phone dies: the seat is shown down, and when a phone is there again it is rung and takes calls."""
    with stage() as (box, trunk_port, actors, folder):
        customer, agent = Phone(trunk_port, sound=tone(400, 4000)), Phone(sound=tone(1000, 4000))
        actors += [customer, agent]
        box.start()
        box.campaign(mode="progressive", extra="retry = ();")
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        box.seats_up()
        port = agent.die()
        wait_for("the seat is down", lambda: seat_is(box, "ana", False), 15)
        box.contacts([PHONES[0]])
        box.cli("campaign", "start", "test")
        time.sleep(2)
        assert not customer.calls, "nobody may be called while no agent can be reached"
        again = Phone(port, sound=tone(1000, 4000))
        actors.append(again)
        wait_for("the phone is rung again", again.up, 40)
        call = wait_for("a talk", lambda: customer.hears(1000, 3000), 20)
        customer.hang_up(call)
        row = wait_for("the row", box.closed_rows, 8)[0]
        assert row["outcome"] == "connected" and row["agent"] == "ana", row


def an_agent_on_demand_is_rung_before_the_customer():
    """The agent's phone is rung only when there is work, and the customer is dialed only when the agent has picked up."""
    with stage() as (box, trunk_port, actors, folder):
        customer, agent = Phone(trunk_port, sound=tone(400, 4000)), Phone(sound=tone(1000, 4000), ring_s=2)
        actors += [customer, agent]
        box.start()
        box.campaign(mode="progressive", wrapup_s=1, extra="retry = ();")
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}", nailed=False)
        box.cli("campaign", "start", "test")
        time.sleep(2)
        assert not agent.calls, "there is no work yet"
        box.contacts([PHONES[0]])
        call = wait_for("a talk", lambda: customer.hears(1000, 3000), 30)
        assert agent.calls[0]["answered_at"] < call["since"], "the customer was dialed before the agent was there"
        wait_for("the agent hears him", lambda: agent.hears(400, 3000), 5)
        customer.hang_up(call)
        row = wait_for("the row", box.closed_rows, 8)[0]
        assert row["outcome"] == "connected" and row["agent"] == "ana", row
        wait_for("the phone is let go when nothing is left to do", lambda: not agent.up(), 20)


def baresip_is_an_agent():
    """A real phone (baresip, auto-answer) is a nailed-up seat; a customer talks to it."""
    with stage() as (box, trunk_port, actors, folder):
        port = kept_port()
        home = folder / "baresip"
        home.mkdir()
        (home / "accounts").write_text(f"<sip:ana@127.0.0.1:{port}>;regint=0;answermode=auto\n")
        with wave.open(str(home / "tone.wav"), "wb") as w:
            w.setnchannels(1), w.setsampwidth(2), w.setframerate(8000)
            w.writeframes(struct.pack("<480000h", *tone(440, 8000, 480000)))
        (home / "config").write_text(
            f"sip_listen 127.0.0.1:{port}\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aufile.so\n"
            f"module_app account.so\nmodule_app menu.so\naudio_source aufile,{home}/tone.wav\naudio_player aufile,/dev/null\naudio_alert aufile,/dev/null\n"
            "ausrc_srate 8000\nauplay_srate 8000\nnet_interface 127.0.0.1\n")
        with open(folder / "baresip.log", "w") as log:
            process = subprocess.Popen([*OWNED, "baresip", "-f", str(home)], stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.PIPE)
        customer = Phone(trunk_port, sound=tone(1000, 4000))
        actors += [Process(process), customer]
        box.start()
        box.campaign(mode="progressive", extra="retry = ();")
        box.agent("ana", f"sip:ana@127.0.0.1:{port}")
        box.seats_up()
        box.contacts([PHONES[0]])
        box.cli("campaign", "start", "test")
        call = wait_for("the customer's call", customer.up, 20)[0]
        wait_for("baresip's tone at the customer", lambda: len(call["heard"]) > 16000 and peers.level_of(call["heard"][-8000:], 440) > 500, 10)
        customer.hang_up(call)
        row = wait_for("the row", box.closed_rows, 8)[0]
        assert row["outcome"] == "connected" and row["agent"] == "ana", row


def a_wrong_key_of_the_agent_does_nothing():
    """A digit that no disposition has, pressed in the talk, goes to the customer and ends nothing."""
    with stage() as (box, trunk_port, actors, folder):
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        agent.press(seat, "5")
        wait_for("the key at the customer", lambda: [d for d, _ in call["digits"]] == ["5"], 5)
        assert call["state"] == "up" and customer.hears(1000, 3000)
        customer.hang_up(call)
        row = wait_for("the row", box.closed_rows, 8)[0]
        assert (row["outcome"], row["ended_by"]) == ("connected", "callee") and row["disposition"] != "5", row


STORIES = [an_agents_phone_hangs_up_and_the_customer_goes_to_the_next, an_agents_phone_dies_and_the_customer_goes_to_the_next,
           an_idle_phone_dies_and_is_rung_again, an_agent_on_demand_is_rung_before_the_customer, a_wrong_key_of_the_agent_does_nothing,
           baresip_is_an_agent]
