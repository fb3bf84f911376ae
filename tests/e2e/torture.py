"""Messages that are hard to read: one for each case that RFC 4475 describes, in our own words, valid and broken ones alike.

torture(port) yields (name, bytes). Names are those of the RFC's sections, so that a finding can be looked up.
"""
import zlib


def sdp(host="127.0.0.66", port=40000):
    return (f"v=0\r\no=mhandley 29739 7272939 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 12\r\n"
            "m=video 3227 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n")


def message(line, headers, body="", length=None):
    """headers: None leaves one of the usual ones out, a list repeats it."""
    method = line.split(" ", 1)[0] if not line.startswith("SIP/") else "OPTIONS"
    name = f"{zlib.crc32(f'{line}{headers}'.encode('utf-8', 'surrogatepass')):x}"
    usual = {"Via": f"SIP/2.0/UDP 127.0.0.66:5060;branch=z9hG4bKt{name}", "To": "<sip:j.user@127.0.0.1>", "From": "<sip:caller@127.0.0.66>;tag=323",
             "Max-Forwards": "70", "Call-ID": f"torture.{name}@127.0.0.66", "CSeq": f"8 {method}", "Contact": "<sip:caller@127.0.0.66>"}
    usual.update(headers)
    if body:
        usual.setdefault("Content-Type", "application/sdp")
    text = line + "\r\n"
    for header, values in usual.items():
        for value in values if isinstance(values, list) else [values]:
            if value is not None:
                text += f"{header}: {value}\r\n"
    if length != "none":
        text += f"Content-Length: {len(body) if length is None else length}\r\n"
    return (text + "\r\n" + body).encode("latin-1")


def valid(me):
    """§3.1.1 and those of §3.2 to §3.4 whose syntax is right."""
    yield "wsinv", (f"INVITE {me};unknownparam SIP/2.0\r\nTO :\r\n {me} ;   tag    = 1918181833n\r\nfrom   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@127.0.0.66>\r\n  ;\r\n"
                    "  tag = 98asjd8\r\nMaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@127.0.0.66\r\nContent-Length   : 150\r\ncseq: 0009\r\n  INVITE\r\n"
                    "Via  : SIP  /   2.0\r\n /UDP\r\n    127.0.0.66;branch=390skdjuw\r\ns :\r\nNewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
                    "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\nContent-Type: application/sdp\r\nRoute:\r\n <sip:127.0.0.66;lr;unknownwith=value;unknown-no-value>\r\n"
                    "v:  SIP  / 2.0  / TCP     127.0.0.67   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  127.0.0.68   ; branch=\r\n z9hG4bK30239\r\n"
                    "m:\"Quoted string \\\"\\\"\" <sip:jdrosen@127.0.0.66> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\n" + sdp()).encode()
    odd = "!interesting-Method0123456789_*+`.%indeed'~"
    yield "intmeth", message(f"{odd} {me}:unusual@127.0.0.1 SIP/2.0".replace(f"{me}:", "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"),
                             {"CSeq": f"139122385 {odd}", "Call-ID": "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
                              "extensionHeader-!.%*+_`'~": "\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb", "From": "token1~` token2'+_ token3*%!.- <sip:x@127.0.0.66>;fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\xd0\xb1\";tag=_token~1'+`*%!-."})
    yield "esc01", message("INVITE sip:sips%3Auser%40example.com@127.0.0.1 SIP/2.0", {"To": "sip:%75se%72@127.0.0.1", "From": "<sip:I%20have%20spaces@127.0.0.66>;tag=938", "Contact": "<sip:caller@127.0.0.66;%6C%72;n%61me=v%61lue%25%34%31>"}, sdp())
    yield "escnull", message("REGISTER sip:127.0.0.1 SIP/2.0", {"To": "sip:null-%00-null@127.0.0.1", "From": "sip:null-%00-null@127.0.0.1;tag=839923423", "Contact": ["<sip:%00@127.0.0.66>", "<sip:%00%00@127.0.0.66>"]})
    yield "esc02", message("RE%47IST%45R sip:registrar@127.0.0.1 SIP/2.0", {"CSeq": "29344 RE%47IST%45R", "Contact": "<sip:alias1@127.0.0.66>", "To": "\"%Z%45\" <sip:resource@127.0.0.1>"})
    yield "lwsdisp", message(f"OPTIONS {me} SIP/2.0", {"From": "caller<sip:caller@127.0.0.66>;tag=323"})
    long_name = "sip:user@127.0.0.1"
    yield "longreq", message(f"INVITE {long_name} SIP/2.0", {
        "To": "\"I have a user name of " + "extreme" * 30 + " proportion\"<sip:user@127.0.0.1:6000;unknownparam1=very" + "long" * 50 + "value;longparam" + "name" * 60 + "=shortvalue>",
        "F": "sip:" + "amazinglylongcallername" * 12 + "@127.0.0.66;tag=12" + "982" * 50 + "424;unknownheaderparam" + "name" * 40 + "=unknowheaderparam" + "value" * 40,
        "Call-ID": "longreq.one" + "really" * 40 + "longcallid", "Unknown-" + "Long" * 60 + "-Name": "unknown-" + "long" * 60 + "-value; unknown-" + "long" * 60 + "-parameter-name = value",
        "Via": [f"SIP/2.0/TCP sip{i}.127.0.0.66" for i in range(33, 0, -1)] + ["SIP/2.0/UDP 127.0.0.66:5060;branch=z9hG4bK" + "very" * 50 + "longbranchvalue"],
        "From": None, "Contact": "<sip:" + "amazinglylongcallername" * 9 + "@127.0.0.66>"}, sdp())
    yield "dblreq", message("REGISTER sip:127.0.0.1 SIP/2.0", {"Call-ID": "dblreq.0ha0isndaksdj99sdfafnl3lk233412"}) + message(f"INVITE {me} SIP/2.0", {"Call-ID": "dblreq.0ha0isnda977644900765@127.0.0.66"}, sdp())
    yield "semiuri", message("OPTIONS sip:user;par=u%40example.net@127.0.0.1 SIP/2.0", {"To": "sip:j_user@127.0.0.1", "Accept": "application/sdp"})
    yield "transports", message(f"OPTIONS {me} SIP/2.0", {"Via": ["SIP/2.0/UDP 127.0.0.66;branch=z9hG4bKkdjuw", "SIP/2.0/SCTP 127.0.0.66;branch=z9hG4bKklasjdhf", "SIP/2.0/TLS 127.0.0.66;branch=z9hG4bK2980unddj",
                                                           "SIP/2.0/UNKNOWN 127.0.0.66;branch=z9hG4bKasd0f3en", "SIP/2.0/TCP 127.0.0.66;branch=z9hG4bK0a9idfnee"]})
    parts = "--7a9cbec02ceef655\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\nHello\r\n--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n\0\1\2\xff\r\n--7a9cbec02ceef655--"
    yield "mpart01", message("MESSAGE sip:kumiko@127.0.0.1 SIP/2.0", {"Content-Type": "multipart/mixed;boundary=7a9cbec02ceef655"}, parts)
    yield "unreason", message("SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe", {"CSeq": "35 INVITE"})
    yield "noreason", message("SIP/2.0 100 ", {"CSeq": "35 INVITE", "Contact": "<sip:user@127.0.0.1>"})
    yield "badbranch", message(f"OPTIONS {me} SIP/2.0", {"Via": "SIP/2.0/UDP 127.0.0.66;branch=z9hG4bK"})
    yield "insuf", message(f"INVITE {me} SIP/2.0", {"CSeq": "193942 INVITE", "To": None, "From": None, "Call-ID": None, "Contact": None}, sdp())
    yield "unkscm", message("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0", {})
    yield "novelsc", message("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0", {})
    yield "unksm2", message("REGISTER sip:127.0.0.1 SIP/2.0", {"To": "isbn:2983792873", "From": "<http://www.example.com>;tag=3234233", "Contact": "<name:John_Smith>"})
    yield "bext01", message(f"OPTIONS {me} SIP/2.0", {"Require": "nothingSupportsThis, nothingSupportsThisEither", "Proxy-Require": "noProxiesSupportThis, norDoAnyProxiesSupportThis"})
    yield "invut", message(f"INVITE {me} SIP/2.0", {"Content-Type": "application/unknownformat"}, "<audio>\r\n <pcmu port=\"443\"/>\r\n</audio>\r\n")
    yield "regaut01", message("REGISTER sip:127.0.0.1 SIP/2.0", {"To": "sip:j.user@127.0.0.1", "Authorization": "NoOneKnowsThisScheme opaque-data=here"})
    yield "multi01", message(f"INVITE {me} SIP/2.0", {"CSeq": ["5 INVITE", "59 INVITE"], "Call-ID": ["multi01.98asdh@127.0.0.66", "multi01.98asdh@127.0.0.67"], "From": ["<sip:caller@127.0.0.66>;tag=3413415", "<sip:other@127.0.0.66>;tag=2923420123"],
                                                "Max-Forwards": ["70", "5"], "Contact": ["<sip:a@127.0.0.66>", "<sip:b@127.0.0.66>"], "To": ["<sip:u@127.0.0.1>", "<sip:v@127.0.0.1>"]}, sdp())
    yield "mcl01", message(f"OPTIONS {me} SIP/2.0", {"Content-Length": ["13"], "Content-Type": "text/plain"}, "There's no way to know how many octets are supposed to be here.\r\n", 5)
    yield "bcast", message("SIP/2.0 200 OK", {"Via": ["SIP/2.0/UDP 127.0.0.66;branch=z9hG4bKbcast;received=255.255.255.255"], "CSeq": "1 INVITE"}, sdp("255.255.255.255"))
    yield "zeromf", message(f"OPTIONS {me} SIP/2.0", {"Max-Forwards": "0"})
    yield "cparam01", message("REGISTER sip:127.0.0.1 SIP/2.0", {"Contact": "sip:+19725552222@127.0.0.66;unknownparam"})
    yield "cparam02", message("REGISTER sip:127.0.0.1 SIP/2.0", {"Contact": "<sip:+19725552222@127.0.0.66;unknownparam>"})
    yield "regescrt", message("REGISTER sip:127.0.0.1 SIP/2.0", {"Contact": "<sip:user@127.0.0.66?Route=%3Csip:sip.example.com%3E>"})
    yield "sdp01", message(f"INVITE {me} SIP/2.0", {"Accept": "text/nobodyKnowsThis"}, sdp())
    yield "inv2543", f"INVITE {me} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.66\r\nFrom: <sip:UserA@127.0.0.66>\r\nTo: <sip:UserB@127.0.0.1>\r\nCall-ID: inv2543.1717@127.0.0.66\r\nCSeq: 56 INVITE\r\nContent-Type: application/sdp\r\n\r\n{sdp()}".encode()


def broken(me):
    """§3.1.2: no parser may take these for what they seem to be."""
    yield "badinv01", message(f"INVITE {me} SIP/2.0", {"To": "sip:j.user@127.0.0.1;tag=;;,,,", "Contact": "\"Joe\" <sip:joe@127.0.0.66>;;;;,,;,;", "From": "sip:caller@127.0.0.66;;;;tag=134161461246", "Via": "SIP/2.0/UDP 127.0.0.66;;,;,,"}, sdp())
    yield "clerr", message(f"INVITE {me} SIP/2.0", {}, sdp(), 9999)
    yield "ncl", message(f"INVITE {me} SIP/2.0", {}, sdp(), -999)
    yield "scalar02", message("REGISTER sip:127.0.0.1 SIP/2.0", {"CSeq": "36893488147419103232 REGISTER", "Max-Forwards": "300", "Expires": "10000000000000000000000000000000000000000000000000", "Contact": "<sip:user@127.0.0.66>;expires=280297596632815"})
    yield "scalarlg", message("SIP/2.0 503 Service Unavailable", {"CSeq": "9292394834772304023312 OPTIONS", "Retry-After": "949302838503028349304023988", "Warning": "1812 overture \"In Progress\""})
    yield "quotbal", message(f"INVITE {me} SIP/2.0", {"To": "\"Mr. J. User <sip:j.user@127.0.0.1>"}, sdp())
    yield "ltgtruri", message("INVITE <sip:user@127.0.0.1> SIP/2.0", {}, sdp())
    yield "lwsruri", message("INVITE sip:user@127.0.0.1; lr SIP/2.0", {}, sdp())
    yield "lwsstart", message("INVITE  sip:user@127.0.0.1  SIP/2.0", {}, sdp())
    yield "trws", message(f"OPTIONS {me} SIP/2.0 ", {})
    yield "escruri", message("INVITE sip:user@127.0.0.1?Route=%3Csip:example.com%3E SIP/2.0", {}, sdp())
    yield "baddate", message(f"INVITE {me} SIP/2.0", {"Date": "Fri, 01 Jan 2010 16:00:00 EST"}, sdp())
    yield "regbadct", message("REGISTER sip:127.0.0.1 SIP/2.0", {"Contact": "sip:user@127.0.0.66?Route=%3Csip:sip.example.com%3E"})
    yield "badaspec", message("OPTIONS sip:user@127.0.0.1 SIP/2.0", {"From": "Bell, Alexander <sip:a.g.bell@127.0.0.66>;tag=43", "To": "Watson, Thomas < sip:t.watson@127.0.0.1 >"})
    yield "baddn", message(f"OPTIONS {me} SIP/2.0", {"To": "Bell, A. G. <sip:x@127.0.0.1>", "From": "caller, the <sip:caller@127.0.0.66>;tag=323"})
    yield "badvers", message(f"OPTIONS {me} SIP/7.0", {"Via": "SIP/7.0/UDP 127.0.0.66;branch=z9hG4bKkdjuw"})
    yield "mismatch01", message(f"OPTIONS {me} SIP/2.0", {"CSeq": "8 INVITE"})
    yield "mismatch02", message(f"NEWMETHOD {me} SIP/2.0", {"CSeq": "8 INVITE"}, sdp())
    yield "bigcode", message("SIP/2.0 4294967301 better not break the receiver", {"CSeq": "353494 INVITE"})
    yield "test11", message(f"INVITE {me} SIP/2.0", {"Contact": "<sip:[::1]:99999>, <sip:[::ffff:999.0.2.1]>, <sip:[1:2:3>"}, sdp())


def torture(port):
    me = f"sip:user@127.0.0.1:{port}"
    yield from valid(me)
    yield from broken(me)
