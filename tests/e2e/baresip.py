"""baresip as an agent's phone that registers: it answers by itself and sends a tone."""
import contextlib
import pathlib
import struct
import subprocess
import wave

from harness import OWNED, kept_port
from peers import tone


class Baresip:
    def __init__(self, folder, user, password, box_port, transport="udp", hz=1000, cafile=None):
        self.folder = pathlib.Path(folder) / f"baresip-{user}"
        self.folder.mkdir(exist_ok=True)
        with wave.open(str(self.folder / "tone.wav"), "wb") as w:
            w.setnchannels(1), w.setsampwidth(2), w.setframerate(8000)
            w.writeframes(struct.pack("<480000h", *tone(hz, 8000, 480000)))
        trust = f"sip_cafile {cafile}\nsip_verify_server yes\n" if cafile else ""
        (self.folder / "config").write_text(
            f"sip_listen 127.0.0.1:{kept_port()}\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aufile.so\n"
            f"module_app account.so\nmodule_app menu.so\naudio_source aufile,{self.folder}/tone.wav\naudio_player aufile,/dev/null\n"
            f"audio_alert aufile,/dev/null\nausrc_srate 8000\nauplay_srate 8000\nnet_interface 127.0.0.1\n{trust}")
        (self.folder / "accounts").write_text(
            f"<sip:{user}@127.0.0.1:{box_port};transport={transport}>;auth_pass={password};answermode=auto;regint=60\n")
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([*OWNED, "baresip", "-f", str(self.folder)], stdout=self.log, stderr=self.log, stdin=subprocess.PIPE)

    def text(self):
        return (self.folder / "log").read_text(errors="replace")

    def stop(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
