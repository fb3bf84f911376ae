"""Stories of trunks: accounts at a foreign carrier, passwords, TLS, failover, death and recovery."""
import socket
import subprocess
import time

from harness import kept_port, stage, wait_for
from kamailio import Kamailio
from peers import Phone, tone
from scene import PHONES, called, one_talk
from sipp import Sipp, carrier_scenario


def trunk(box, name="carrier"):
    return next(t for t in box.status()["trunks"] if t["name"] == name)


def set_trunk(box, port, more, host="127.0.0.1", transport="udp"):
    """The carrier's line of the configuration, with an account."""
    text = box.config.read_text()
    head, tail = text.split("trunks = (", 1)
    rest = tail.split(");\nconsole", 1)[1]
    box.config.write_text(f'''{head}trunks = ( {{ name = "carrier"; listener = "main"; proxy = "sip:{host}:{port};transport={transport}"; caller_id = "+12025550100";
      channels = 300; calls_per_s = 50; {more} }} );
console{rest}''')


def with_account(algorithm, **kamailio):
    """A registering trunk at Kamailio: up only when registered; calls are challenged, answered, bridged, and hung up through its route."""
    with stage() as (box, trunk_port, actors, folder):
        carrier = Kamailio(folder, trunk_port, algorithm=algorithm, **kamailio)
        actors.append(carrier)
        set_trunk(box, carrier.port, 'user = "acme"; password = "pa:ss word"; register = true; domain = "carrier.example"; options_s = 2;')
        customer, call, agent, seat = one_talk(box, trunk_port, actors)
        assert trunk(box)["state"] == "up", trunk(box)
        customer.hang_up(call)
        row = wait_for("the row", box.closed_rows, 10)[0]
        assert row["outcome"] == "connected" and row["ended_by"] == "callee", row
        box.contacts(PHONES[1:2])
        second = wait_for("a second call", lambda: next((c for c in customer.up() if c is not call), None), 20)
        time.sleep(0.3)
        agent.press(seat, "*")
        wait_for("our BYE goes the recorded way", lambda: second["state"] == "over" and second["byed"], 10)
        t = wait_for("both are counted", lambda: trunk(box) if trunk(box)["attempts"] == 2 else None, 10)
        assert t["answered"] == 2 and t["asr_percent"] == 100, t
        assert "carrier" in box.cli("trunk", "list").stdout


def a_carrier_that_wants_md5_is_registered_with_and_called():
    """Digest MD5 at Kamailio."""
    with_account("MD5")


def a_carrier_that_wants_sha_256_is_registered_with_and_called():
    """Digest SHA-256 at Kamailio, whose nonces live for 2 s, so that the second call is challenged as stale."""
    with_account("SHA-256", nonce_s=2)


def a_wrong_password_is_told_plainly():
    """Kamailio refuses the account: no call is tried, trunk list and status say why; the right password after a reload mends it."""
    with stage() as (box, trunk_port, actors, folder):
        carrier = Kamailio(folder, trunk_port)
        actors.append(carrier)
        set_trunk(box, carrier.port, 'user = "acme"; password = "wrong"; register = true; domain = "carrier.example";')
        box.start()
        wait_for("it is refused", lambda: trunk(box)["state"] == "password_refused", 10)
        assert "user or password refused" in box.cli("trunk", "list").stdout
        assert "user or password refused" in box.cli("status").stdout
        set_trunk(box, carrier.port, 'user = "acme"; password = "pa:ss word"; register = true; domain = "carrier.example";')
        box.process.send_signal(1)
        wait_for("it is registered", lambda: trunk(box)["state"] == "up", 10)


def certificate(folder, name, ca, alt):
    """A key and a certificate for this name, signed by our authority."""
    run = lambda *args: subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)
    run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    (folder / f"{name}.ext").write_text(f"subjectAltName={alt}\n")
    run("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.crt", "-CAkey", f"{ca}.key", "-CAcreateserial", "-days", "30", "-out", f"{name}.crt", "-extfile", f"{name}.ext")


def authority(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-subj", "/CN=Test CA"],
                   cwd=folder, check=True, capture_output=True)


def tls_files(folder, alt):
    folder.mkdir()
    authority(folder)
    certificate(folder, "server", "ca", alt)
    certificate(folder, "box", "ca", "IP:127.0.0.1")
    (folder / "agent.pem").write_text((folder / "box.crt").read_text() + (folder / "box.key").read_text())
    (folder / "cafile.pem").write_text((folder / "ca.crt").read_text())


def secure_listener(box, tls):
    text = box.config.read_text()
    box.config.write_text(text.replace('transport = "udp"; advertise', f'transport = "tls"; tls_dir = "{tls}"; advertise', 1))


def a_carrier_over_tls_must_show_the_right_name():
    """Kamailio over TLS with a certificate of our authority for sip.carrier.example: a trunk that expects this name is registered, calls and
    talks; one that expects another name is told to have a wrong certificate and carries no call."""
    with stage() as (box, trunk_port, actors, folder):
        tls = folder / "tls"
        tls_files(tls, "DNS:sip.carrier.example")
        carrier = Kamailio(folder, trunk_port, transport="tls", tls_dir=tls)
        actors.append(carrier)
        account = 'user = "acme"; password = "pa:ss word"; register = true; domain = "carrier.example"; options_s = 2; '
        secure_listener(box, tls)
        set_trunk(box, carrier.port, account + 'tls_name = "sip.other.example";', transport="tls")
        box.start()
        wait_for("the name is wrong", lambda: trunk(box)["state"] == "certificate_refused", 15)
        set_trunk(box, carrier.port, account + 'tls_name = "sip.carrier.example";', transport="tls")
        box.process.send_signal(1)
        wait_for("it is registered", lambda: trunk(box)["state"] == "up", 15)


def when_the_first_carrier_is_dead_the_second_takes_its_calls_and_gives_them_back():
    """Two trunks of one group: the first by priority takes all calls; it dies, the second takes over without a lost contact; it comes back and
    is used again."""
    with stage() as (box, trunk_port, actors, folder):
        first, second = Phone(trunk_port, sound=None, talk_s=1.0), Phone(sound=None, talk_s=1.0)
        agents = Phone(sound=None)
        actors += [second, agents]
        text = box.config.read_text()
        line = f'{{ name = "carrier"; listener = "main"; proxy = "sip:127.0.0.1:{trunk_port};transport=udp"; caller_id = "+12025550100"; group = "all"; options_s = 1;'
        spare = (f'{{ name = "spare"; listener = "main"; proxy = "sip:127.0.0.1:{second.port};transport=udp"; caller_id = "+12025550100"; group = "all"; priority = 2; }}, '
                 + line)
        head, tail = text.split("trunks = ( {", 1)
        box.config.write_text(head + "trunks = ( " + spare + ' channels = 300; calls_per_s = 50; } );\nconsole' + tail.split(");\nconsole", 1)[1])
        box.start()
        box.campaign(mode="progressive", wrapup_s=0, extra="retry = ();")
        box.agent("ana", f"sip:ana@127.0.0.1:{agents.port}")
        box.seats_up()
        box.contacts(PHONES[:3])
        box.cli("campaign", "start", "test")
        wait_for("three calls over the first", lambda: len(box.closed_rows()) == 3, 30)
        assert len(first.calls) == 3 and not second.calls
        first.die()
        box.contacts(PHONES[3:6])
        wait_for("three calls over the second", lambda: len(box.closed_rows()) == 6, 40)
        assert {called(c) for c in second.calls} == set(PHONES[3:6])
        assert all(r["outcome"] == "connected" for r in box.closed_rows()), [r["outcome"] for r in box.closed_rows()]
        wait_for("the first is known to be dead", lambda: trunk(box)["state"] == "silent", 15)
        again = Phone(trunk_port, sound=None, talk_s=1.0)
        actors.append(again)
        wait_for("it is back", lambda: trunk(box)["state"] == "up", 15)
        box.contacts(PHONES[6:8])
        wait_for("calls over the first", lambda: len(box.closed_rows()) == 8, 30)
        assert len(again.calls) == 2, len(again.calls)
        assert [r["trunk"] for r in box.closed_rows()] == ["carrier"] * 3 + ["spare"] * 3 + ["carrier"] * 2, "rows name the trunk that carried the call"


def calls_and_phones_over_ipv6():
    """Listener, carrier and agent's phone speak IPv6 alone (SIPp on both sides, echoing what it hears): the seat comes up, three callees answer, are bridged and
    hang up, one is busy, and the rows say so."""
    with stage() as (box, trunk_port, actors, folder):
        phone_port = kept_port(family=socket.AF_INET6)
        box.config.write_text(box.config.read_text().replace('bind = "127.0.0.1:', 'bind = "[::1]:', 1).replace(f'"sip:127.0.0.1:{trunk_port};', f'"sip:[::1]:{trunk_port};'))
        actors.append(Sipp(folder, "carrier", carrier_scenario({"10": "busy", "11": "talks", "12": "talks", "13": "talks"}), trunk_port, host="::1", extra=["-rtp_echo"]))
        actors.append(Sipp(folder, "agents", carrier_scenario({}), phone_port, host="::1", extra=["-rtp_echo"]))
        box.start()
        box.campaign(mode="progressive", wrapup_s=0, extra="retry = ();")
        box.agent("ana", f"sip:ana@[::1]:{phone_port}")
        box.seats_up()
        box.contacts([f"120255501{n}" for n in (10, 11, 12, 13)])
        box.cli("campaign", "start", "test")
        rows = wait_for("four rows", lambda: len(box.closed_rows()) == 4 and box.closed_rows(), 40)
        assert sorted(r["outcome"] for r in rows) == ["busy", "connected", "connected", "connected"], rows
        assert all(r["agent"] == "ana" and r["ended_by"] == "callee" for r in rows if r["outcome"] == "connected"), rows


STORIES = [calls_and_phones_over_ipv6, a_carrier_that_wants_md5_is_registered_with_and_called, a_carrier_that_wants_sha_256_is_registered_with_and_called,
           a_wrong_password_is_told_plainly, a_carrier_over_tls_must_show_the_right_name,
           when_the_first_carrier_is_dead_the_second_takes_its_calls_and_gives_them_back]
