"""Overload: more callers a second than the box takes. Who is taken is served and kept, who is not gets 503, and after it all is as before."""
import json
import pathlib
import subprocess
import time

import harness

REST_S = 50  # the stack keeps what it knows of a call for 32 s, and gives memory back every 15 s

INVITE = """INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-first
From: <sip:1202556[call_number]@[local_ip]:[local_port]>;tag=[pid]T[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""


def inside(method, cseq):
    return f"""{method} [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:1202556[call_number]@[local_ip]:[local_port]>;tag=[pid]T[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: {cseq} {method}
Max-Forwards: 70
Content-Length: 0

"""


REFUSED_ACK = INVITE.split("\n\n", 1)[0].replace("INVITE sip", "ACK sip", 1).replace("CSeq: 1 INVITE", "CSeq: 1 ACK").replace(
    "To: <sip:[service]@[remote_ip]:[remote_port]>", "To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]").replace(
    "Content-Type: application/sdp\n", "").replace("[len]", "0") + "\n\n"

SCENARIO = f"""<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
<send retrans="500"><![CDATA[
{INVITE}]]></send>
<recv response="100" optional="true"/>
<recv response="503" optional="true" next="1"/>
<recv response="200" rrs="true"/>
<send><![CDATA[
{inside("ACK", 1)}]]></send>
<pause milliseconds="1000"/>
<send retrans="500"><![CDATA[
{inside("BYE", 2)}]]></send>
<recv response="200" next="2"/>
<label id="1"/>
<send><![CDATA[
{REFUSED_ACK}]]></send>
<label id="2"/>
</scenario>"""


def callers(folder, name, box, trunk_port, count, rate):
    """SIPp; its final counts: calls made, taken, refused, failed."""
    path = pathlib.Path(folder) / f"{name}.xml"
    path.write_text(SCENARIO)
    stat = pathlib.Path(folder) / f"{name}.csv"
    r = subprocess.run(["sipp", "-sf", str(path), "-i", "127.0.0.1", "-p", str(trunk_port), "-nostdin", "-mp", str(harness.free_port()), "-s", "12025550000",
                        "-m", str(count), "-r", str(rate), "-l", "5000", "-trace_counts", "-f", "1", "-trace_stat", "-stf", str(stat), f"127.0.0.1:{box.sip_port}"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, stdin=subprocess.DEVNULL, timeout=300)
    lines = stat.read_text().splitlines()
    last = dict(zip(lines[0].split(";"), lines[-1].split(";")))
    return {"sipp_exit": r.returncode, "made": int(last["TotalCallCreated"]), "failed": int(last["FailedCall(C)"])}


def bench(folder, seconds, rate=600, limit=150):
    trunk_port = harness.free_port()
    box = harness.Box(folder, trunk_port, calls=limit, channels=limit, calls_per_s=rate)
    box.start()
    box.campaign()
    queue = pathlib.Path(folder) / "queue.conf"
    queue.write_text('campaign = "test"; music = ""; say_place = false; timeout_s = 60; places = 0;')
    box.cli("queue", "create", "help", "--from", str(queue))
    box.cli("did", "add", "12025550000", "help")

    def rows():
        return box.query("SELECT count(*) AS n, sum(ended IS NOT NULL) AS closed FROM arrival")[0]

    def memory():
        return sum(pss_of(pid) for pid in [box.process.pid, *box.children()])

    def now():
        return json.loads(box.cli("queue", "show", "help", "--json").stdout)["now"]

    callers(folder, "warm", box, trunk_port, 50, 25)
    callers(folder, "before", box, trunk_port, rate * 5, rate)  # the first flood makes the pools that every later one uses
    time.sleep(REST_S)
    calm, first, counted = memory(), rows()["n"], now()
    flood = callers(folder, "flood", box, trunk_port, rate * seconds, rate)
    ended = time.monotonic()
    after = callers(folder, "after", box, trunk_port, 20, 20)
    harness.wait_for("every call is closed", lambda: rows()["n"] == rows()["closed"], 30, 0.2)
    back = time.monotonic() - ended
    done, last = rows(), now()
    time.sleep(REST_S)
    grown = memory() - calm
    offered = last["offered"] - counted["offered"]
    box.stop()
    made, failed = flood["made"] + after["made"], flood["failed"] + after["failed"]
    return {"offered_per_s": rate, "calls_at_once_limit": limit, "callers": made, "taken": offered,
            "refused_503": made - failed - offered,  # SIPp takes nothing but 200 and 503 for good
            "of_them_by_the_floor": last["refused"] - counted["refused"],  # the others by the SIP worker: 256 waited already
            "rows": done["n"] - first, "rows_lost": offered - (done["n"] - first),
            "rows_open": done["n"] - done["closed"], "failed_otherwise": failed, "failed_after": after["failed"],
            "back_to_normal_s": round(back, 1), "memory_grown_kb": grown}


def pss_of(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
