"""What hostile code tries. Each is a text that sets `answer`, so that the same text runs inside and outside a sandbox.

`answer` is "reached" where the attack works, and else the name of what stopped it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any

_TRY = """
import errno, os, socket
def tried(attack):
    try:
        attack()
    except socket.gaierror:
        return "gaierror"
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)
    return "reached"
"""


def outside(code: str) -> Any:
    """The control: the same text in an ordinary process of the same account."""
    whole = code + "\nimport json\nprint(json.dumps(answer))"
    done = subprocess.run(
        (sys.executable, "-c", whole), capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout.splitlines()[-1])


def _attack(body: str) -> str:
    return (
        _TRY
        + "def attack():\n"
        + textwrap.indent(textwrap.dedent(body).strip(), "    ")
        + "\nanswer = tried(attack)\n"
    )


def statement(code: str) -> str:
    """One statement, tried."""
    return _attack(code)


def tcp(port: int, family: str = "AF_INET", host: str = "127.0.0.1") -> str:
    return _attack(f"""
        with socket.socket(socket.{family}, socket.SOCK_STREAM) as s:
            s.settimeout(3)
            s.connect(({host!r}, {port}))
    """)


def udp(port: int) -> str:
    """Sends a question, as to a name server, and waits for the answer."""
    return _attack(f"""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(3)
            s.sendto(b"a question", ("127.0.0.1", {port}))
            s.recv(100)
    """)


def abstract(name: str) -> str:
    return _attack(f"""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect("\\0" + {name!r})
    """)


def unix(path: str) -> str:
    return _attack(f"""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect({path!r})
    """)


def read(path: str) -> str:
    return _attack(f"""
        with open({path!r}, "rb") as f:
            f.read(1)
    """)


def write(path: str) -> str:
    return _attack(f"""
        with open({path!r}, "w") as f:
            f.write("x")
        os.unlink({path!r})
    """)


def chmod(path: str) -> str:
    return _attack(f"os.chmod({path!r}, 0o600)")


def resolve(name: str) -> str:
    return _attack(f"socket.getaddrinfo({name!r}, 80)")


def family(name: str, number: int) -> str:
    return _attack(
        f"socket.socket({number}, socket.SOCK_RAW if {name!r} == 'AF_PACKET' else socket.SOCK_STREAM).close()"
    )


def syscall(number: int, *arguments: str) -> str:
    """`arguments` are Python expressions; a result below zero is the error."""
    listed = ", ".join(f"ctypes.c_long({argument})" for argument in arguments)
    return _attack(f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(ctypes.c_long({number}){", " + listed if listed else ""}) < 0:
            raise OSError(ctypes.get_errno(), "refused")
    """)


SEARCH = """
import glob, os
wanted = [w.encode() for w in WANTED]
answer = []
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
    try:
        content = open(path, "rb").read()
    except OSError:
        continue
    answer += [path for w in wanted if w in content]
for root in ROOTS:
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            try:
                content = open(path, "rb").read(65536) if os.path.isfile(path) else b""
            except OSError:
                continue
            answer += [path for w in wanted if w in content]
"""


def search(wanted: tuple[str, ...], roots: tuple[str, ...]) -> str:
    """Looks for secrets in every process it can read and in every file below some folders."""
    # The words are put together inside, so that the searching process does not find itself.
    parts = [[word[:5], word[5:]] for word in wanted]
    return f"WANTED = [a + b for a, b in {parts!r}]\nROOTS = {roots!r}\n{SEARCH}"
