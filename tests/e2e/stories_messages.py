"""Stories of messages left at answering machines: after the beep, never to a person, never without consent."""
import json
import pathlib
import wave
from array import array

import peers
from harness import BINARY, stage, startup_s, wait_for
from peers import DECODE, ENCODE, Phone, tone
from scene import HELLO_THEN_QUIET, PHONES, called
from stories_talks import GREETINGS, spoken

PROMPT = pathlib.Path(BINARY).resolve().parent / "share" / "prompts" / "message_en.wav"

# A rule of the site's own: a recorded voice needs the person's consent, whatever the purpose.
RULES = """
pack = { id = "own"; title = "Our own"; jurisdiction = "US"; version = 20261101; };
rules = (
  { id = "OWN-RECORDED"; kind = "consent"; technology = ["prerecorded"]; basis = ["consent"]; from = "2020-01-01"; level = "P"; on = true;
    citation = "our policy"; text = "a recorded voice only to who agreed to it"; }
);
"""
MACHINE = 'machine_action = "message";\nretry = ();'


def prompt_as_heard():
    with wave.open(str(PROMPT)) as w:
        pcm = array("h", w.readframes(w.getnframes()))
    return [DECODE[0][ENCODE[0][s + 32768]] for s in pcm]


def frames_of(message, call):
    """The frames that he heard of the message, by their number in it, and when its first came; none: he heard nothing of it."""
    find = array("h", call["heard"]).tobytes()
    for begin in range(4000, len(message) - 960, 2400):  # any 100 ms of it that no bad line has cut
        if max(message[begin:begin + 400]) < 1000 or max(message[begin + 400:begin + 800]) < 1000:
            continue  # a pause is no mark of it
        key = array("h", message[begin:begin + 800]).tobytes()
        at = find.find(key)
        while at >= 0 and at % 320:
            at = find.find(key, at + 1)
        if at >= 0:
            break
    else:
        return {}, None
    first = call["arrivals"][at // 320][1] - begin // 160
    numbered = [((n - first) & 0xFFFF, i) for i, (_, n) in enumerate(call["arrivals"])]
    frames = {n: call["heard"][160 * i:160 * i + 160] for n, i in numbered if n < len(message) // 160}
    n, i = min(numbered)
    return frames, call["arrivals"][i][0] - 0.02 * n


def is_whole(message, frames):
    """No frame of it is missing but what a bad line lost."""
    total = len(message) // 160
    return all(f == message[160 * n:160 * n + 160] for n, f in frames.items()) and len(frames) >= total * (0.9 if peers.BAD_LINE else 1)


def campaign(box):
    path = box.folder / "state" / "rules"
    path.mkdir(parents=True, exist_ok=True)
    (path / "own.conf").write_text(RULES)
    box.start()
    box.campaign(mode="progressive", screening="true", extra=MACHINE, prompts='message = "message_en.wav"; ')


def consent(box, phone, *more):
    box.cli("consent", "add", f"+{phone}", "--seller", "Acme Surveys", "--basis", "consent", "--source", "web form", "--date", "2026-05-02", *more)


def a_machine_gets_the_message_after_its_beep_and_only_with_consent():
    """Four answering machines: two whose people agreed to recorded voices (one beeps, one does not), one who agreed to agents alone, one who agreed to
    nothing. The first two hear our message whole, from the first sample on, after the beep or after 2 s of silence; the others are hung up
    on and never hear it, and the decision of each says why."""
    with stage() as (box, trunk_port, actors, folder):
        sounds = {PHONES[0]: spoken(folder, *GREETINGS["50"]), PHONES[1]: spoken(folder, GREETINGS["51"][0], GREETINGS["51"][1], False),
                  PHONES[2]: spoken(folder, *GREETINGS["52"]), PHONES[3]: spoken(folder, *GREETINGS["50"])}
        customer, message = Phone(trunk_port, sound=lambda c: sounds[called(c)]), prompt_as_heard()
        agents = [Phone(sound=tone(1000, 4000)) for _ in range(4)]
        actors += [customer, *agents]
        campaign(box)
        for i, p in enumerate(agents):
            box.agent(f"agent{i}", f"sip:agent{i}@127.0.0.1:{p.port}")
        box.seats_up(4)
        consent(box, PHONES[0])
        consent(box, PHONES[1], "--technology", "prerecorded,message_drop")
        consent(box, PHONES[2], "--technology", "agent")
        box.contacts(PHONES[:4])
        box.cli("campaign", "start", "test")
        rows = {r["phone"]: r for r in wait_for("every row", lambda: len(box.closed_rows()) == 4 and box.rows(), 90)}
        calls = {called(c): c for c in customer.calls}
        for phone, outcome in zip(PHONES[:4], ("message_left", "message_left", "machine", "machine")):
            assert (rows[phone]["outcome"], rows[phone]["verdict"], rows[phone]["agent"]) == (outcome, "machine", ""), rows[phone]
            assert rows[phone]["abandoned"] == "0" and rows[phone]["ended_by"] == "system", rows[phone]
            frames, begun = frames_of(message, calls[phone])
            assert bool(frames) == (outcome == "message_left"), (phone, len(frames))
            if frames:
                assert is_whole(message, frames), f"{phone}: the message is not whole"
                said_s = (len(sounds[phone]) - 8000 * 60) / 8000
                after = begun - calls[phone]["answered_at"] - said_s
                least = 0.0 if peers.BAD_LINE else 0.2  # a beep whose last packets are lost is shorter
                slow = 4 * startup_s()  # a machine with other work hears, decides and speaks that much later
                assert (least < after < 1.0 + slow) if phone == PHONES[0] else (1.2 < after < 3.5 + slow), (after, slow)
        told = {r["phone"]: r for r in box.query("SELECT a.phone, m.ms, m.whole, m.after FROM message m JOIN attempt a ON a.id=m.attempt")}
        assert {str(p) for p in told} == set(PHONES[:2]) and all(r["whole"] and r["ms"] >= len(message) // 8 - 100 for r in told.values()), told
        why = {str(r["phone"]): json.loads(r["inputs"])["message"] for r in box.query("SELECT phone, inputs FROM decision WHERE allowed=1")}
        assert why[PHONES[0]] == why[PHONES[1]] == "allowed", why
        assert why[PHONES[2]] == why[PHONES[3]] == "consent OWN-RECORDED", why
        report = json.loads(box.cli("report", "outbound", "--json").stdout)
        assert report["total"]["figures"]["messages_left"]["num"] == 2, report


def who_picks_up_in_the_message_gets_an_agent():
    """The machine beeps, our message begins, and then the person herself says hello: the message stops at once, she hears an agent, and the log calls
    her a person who picked up."""
    with stage() as (box, trunk_port, actors, folder):
        greeting = spoken(folder, *GREETINGS["50"])[:-8000 * 60]
        hello = spoken(folder, "en-us+f3", "Hello? Who is it?", False)
        sound = greeting + [0] * 30000 + hello  # the message has begun also where a bad line took the beep: after 2 s of silence then
        customer, message = Phone(trunk_port, sound=sound), prompt_as_heard()
        agent = Phone(sound=tone(1000, 4000))
        actors += [customer, agent]
        campaign(box)
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        box.seats_up()
        consent(box, PHONES[0])
        box.contacts(PHONES[:1])
        box.cli("campaign", "start", "test")
        call = wait_for("she hears the agent", lambda: customer.hears(1000, 2000), 60)
        frames, _ = frames_of(message, call)
        assert frames, "the message had begun"
        assert not is_whole(message, frames), "it went on though she spoke"
        customer.hang_up(call)
        row = wait_for("the row", box.closed_rows, 10)[0]
        assert (row["outcome"], row["verdict"], row["verdict_reason"], row["agent"]) == ("connected", "person", "picked_up", "ana"), row
        part = box.query("SELECT * FROM message")[0]
        assert part["whole"] == 0 and 0 < part["ms"] < len(message) // 8, part


def signalling_says_who_answers():
    """Two phones say the same short hello. One says in its Contact that it is an automaton: a machine at its first word. The other was reached by
    diversion on no answer: a hint alone makes nobody a machine, she gets the agent."""
    with stage() as (box, trunk_port, actors, folder):
        customer, agent = Phone(trunk_port, sound=lambda c: HELLO_THEN_QUIET), Phone(sound=tone(1000, 4000))
        customer.more = f"Diversion: <sip:+{PHONES[0]}@127.0.0.1>;reason=no-answer;counter=1\r\n"
        actors += [customer, agent]
        box.start()
        box.campaign(mode="progressive", screening="true", extra="retry = ();")
        box.agent("ana", f"sip:ana@127.0.0.1:{agent.port}")
        box.seats_up()
        box.contacts(PHONES[:1])
        box.cli("campaign", "start", "test")
        customer.hang_up(wait_for("she hears the agent", lambda: customer.hears(1000, 2000), 20))
        first = wait_for("her row", box.closed_rows, 10)[0]
        assert (first["outcome"], first["verdict"]) == ("connected", "person"), first
        customer.more, customer.contact = "", ";automata"
        (folder / "more.csv").write_text(f"phone,name\n{PHONES[1]},Robot\n")
        box.cli("import", "--campaign", "test", str(folder / "more.csv"))
        row = wait_for("the row of the automaton", lambda: [r for r in box.closed_rows() if r["phone"] == PHONES[1]], 30)[0]
        assert (row["outcome"], row["verdict"], row["verdict_reason"]) == ("machine", "machine", "automaton"), row


STORIES = [signalling_says_who_answers, a_machine_gets_the_message_after_its_beep_and_only_with_consent, who_picks_up_in_the_message_gets_an_agent]
