"""One machine for a workshop: a hub, its proxy, the facilitator's board, a server for each attendee.

Run as root, every attendee is a Unix user of the machine with a home folder that nobody else can enter.
Run as anybody else, all attendees are that one user: good for trying it out, and no more.
Settings come from ``workshop/hub.py``; see ``workshop/README.md``.
"""

import os
import sys
from hmac import compare_digest
from pathlib import Path

from jupyterhub.auth import Authenticator, LocalAuthenticator

c = get_config()  # noqa: F821 - JupyterHub provides it
HERE = Path(__file__).resolve().parent
STATE = Path(os.environ["WORKSHOP_STATE"])
AS_ROOT = os.geteuid() == 0
FACILITATOR = os.environ["WORKSHOP_HOST"]
CARDS = dict(line.split("\t") for line in (STATE / "cards.tsv").read_text(encoding="utf-8").splitlines())


# Who may come in: name and password stand on the card that the facilitator hands out.


class Cards(LocalAuthenticator if AS_ROOT else Authenticator):
    async def authenticate(self, handler, data):
        known = CARDS.get(data["username"])
        right = known and compare_digest(known.encode(), data["password"].encode())
        return data["username"] if right else None


c.JupyterHub.authenticator_class = Cards
c.Authenticator.allowed_users = set(CARDS)
if AS_ROOT:
    c.LocalAuthenticator.create_system_users = True
    comment = os.environ["WORKSHOP_COMMENT"]
    c.LocalAuthenticator.add_user_cmd = [
        "useradd", "--create-home", "--key", "HOME_MODE=0700", "--shell", "/bin/bash", "--comment", comment,
    ]  # fmt: skip
    c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
else:
    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = str(STATE / "homes" / "{username}")

# What runs where. The first port is chosen by a person, the others by workshop/hub.py; these are on loopback.

HUB, BOARD, PROXY = (f"http://127.0.0.1:{port}" for port in os.environ["WORKSHOP_PORTS"].split())
c.JupyterHub.bind_url = os.environ["WORKSHOP_URL"]
c.JupyterHub.hub_bind_url = HUB
c.ConfigurableHTTPProxy.api_url = PROXY
c.ConfigurableHTTPProxy.command = os.environ["WORKSHOP_PROXY"]
c.JupyterHub.ssl_cert = os.environ.get("WORKSHOP_CERT", "")
c.JupyterHub.ssl_key = os.environ.get("WORKSHOP_KEY", "")
c.JupyterHub.db_url = f"sqlite:///{STATE / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")

c.Spawner.cmd = [sys.executable, str(HERE / "attend.py")]
# By this all that a start has led to is found again when it has to end.
MARK = {"WORKSHOP_STATE": str(STATE)}
c.Spawner.environment = MARK | {
    "KIT_WORKSHOP_BOARD": f"{BOARD}/services/board/mine",
    "MALLOC_ARENA_MAX": "1",  # else each thread keeps freed memory for itself
}
c.Spawner.start_timeout = c.Spawner.http_timeout = 180  # when twenty start at once on a small machine
c.JupyterHub.concurrent_spawn_limit = 30

# The board. The facilitator may see it, and stop and start servers, but not look into them.

c.JupyterHub.services = [
    {
        "name": "board",
        "url": BOARD,
        "command": [sys.executable, str(HERE / "board.py")],
        "oauth_no_confirm": True,
        "environment": MARK,
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "facilitator",
        "users": [FACILITATOR],
        "scopes": ["admin-ui", "list:users", "admin:servers", "access:services!service=board"],
    }
]
