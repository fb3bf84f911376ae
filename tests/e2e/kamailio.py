"""Kamailio as the carrier: it challenges every REGISTER and INVITE, records its route, and hands calls on to a phone behind it."""
import contextlib
import pathlib
import subprocess

from harness import OWNED, kept_port, wait_for
from sipp import udp_port_taken

CONFIG = """
debug=1
log_stderror=yes
children=2
disable_tcp={disable_tcp}
{tls_core}
listen={listen}
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
{tls_module}
modparam("auth", "algorithm", "{algorithm}")
modparam("auth", "nonce_expire", {nonce_s})
modparam("usrloc", "db_mode", 0)
request_route {{
  if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
  if (is_method("OPTIONS") && !has_totag()) {{ sl_send_reply("200", "Keepalive"); exit; }}
  if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
  if (has_totag()) {{
    if (loose_route()) {{ t_relay(); exit; }}
    if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
    sl_send_reply("404", "Not here");
    exit;
  }}
  if (is_method("INVITE") && $sp == {phone}) {{ # from behind: to whom registered, whatever number is in To
    record_route();
    $rU = "acme";
    if (!lookup("location")) {{ sl_send_reply("404", "Nobody registered"); exit; }}
    t_relay();
    exit;
  }}
  if (is_method("REGISTER|INVITE")) {{
    $var(pw) = "{password}";
    if (is_method("REGISTER")) {{
      if (!pv_www_authenticate("$fd", "$var(pw)", "0")) {{ www_challenge("$fd", "1"); exit; }}
    }} else if (!pv_proxy_authenticate("{realm}", "$var(pw)", "0")) {{ proxy_challenge("{realm}", "1"); exit; }}
  }}
  if (is_method("REGISTER")) {{ save("location"); exit; }}
  if (is_method("INVITE")) {{
    consume_credentials();
    record_route();
    $du = "sip:127.0.0.1:{phone}";
    t_relay();
  }}
}}
"""


class Kamailio:
    def __init__(self, folder, phone_port, password="pa:ss word", algorithm="MD5", realm="carrier.example", transport="udp", tls_dir=None, nonce_s=300):
        self.folder, self.port = pathlib.Path(folder), kept_port()
        path = self.folder / f"kamailio-{self.port}.cfg"
        tls_core = tls_module = ""
        if transport == "tls":
            (self.folder / "kam-tls.cfg").write_text(
                f"[server:default]\nmethod = TLSv1.2+\nverify_certificate = no\nprivate_key = {tls_dir}/server.key\ncertificate = {tls_dir}/server.crt\n")
            tls_core = "enable_tls=yes"
            tls_module = f'loadmodule "tls.so"\nmodparam("tls", "config", "{self.folder}/kam-tls.cfg")'
        self.udp_port = self.port if transport == "udp" else kept_port()  # for the phone behind it
        listen = f"{transport}:127.0.0.1:{self.port}" + (f"\nlisten=udp:127.0.0.1:{self.udp_port}" if transport != "udp" else "")
        path.write_text(CONFIG.format(listen=listen, password=password, algorithm=algorithm, realm=realm, phone=phone_port, nonce_s=nonce_s,
                                      disable_tcp="yes" if transport == "udp" else "no", tls_core=tls_core, tls_module=tls_module))
        self.log = open(self.folder / f"kamailio-{self.port}.log", "wb")
        run = self.folder / f"kam-run-{self.port}"
        run.mkdir()
        self.process = subprocess.Popen([*OWNED, "/usr/sbin/kamailio", "-DD", "-E", "-f", str(path), "-Y", str(run), "-P", str(run / "pid"), "-m", "32", "-M", "4"],
                                        stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        ready = (lambda: udp_port_taken(self.port)) if transport == "udp" else self.listens
        wait_for("Kamailio listens", lambda: self.process.poll() is None and ready(), 15)

    def listens(self):
        with open("/proc/net/tcp") as f:
            return any(line.split()[1].endswith(f":{self.port:04X}") and line.split()[3] == "0A" for line in f if ":" in line)

    def stop(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        if self.process.poll() is None:
            self.process.kill()
        self.log.close()
