"""SIPp as many callers at once: each takes 200, stays for a second and hangs up, or is refused with 503."""
import pathlib
import subprocess

import harness

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
    r = subprocess.run(["sipp", "-sf", str(path), "-i", "127.0.0.1", "-p", str(trunk_port), "-nostdin", "-mp", str(harness.kept_port()), "-s", "12025550000",
                        "-m", str(count), "-r", str(rate), "-l", "5000", "-trace_counts", "-f", "1", "-trace_stat", "-stf", str(stat), f"127.0.0.1:{box.sip_port}"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, stdin=subprocess.DEVNULL, timeout=300)
    lines = stat.read_text().splitlines()
    last = dict(zip(lines[0].split(";"), lines[-1].split(";")))
    return {"sipp_exit": r.returncode, "made": int(last["TotalCallCreated"]), "failed": int(last["FailedCall(C)"])}
