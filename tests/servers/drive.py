"""Google Drive v3 on a port of the loopback: in this process, or by itself with `python -m tests.servers.drive --seed 7`."""

from __future__ import annotations

import argparse
import time
from functools import lru_cache
from threading import Thread
from types import TracebackType
from typing import Any

from tests.servers.googledrive.accounts import SCOPE, Accounts, Holder
from tests.servers.googledrive.channels import Channels
from tests.servers.googledrive.faults import Faults
from tests.servers.googledrive.requests_log import RequestLog
from tests.servers.googledrive.service import Service
from tests.servers.googledrive.serving import Server
from tests.servers.googledrive.world import World

__all__ = ["DriveServer", "World"]


class DriveServer:
    """The emulator, a context. `world` changes what is in it, `faults` what goes wrong, `requests` shows what was asked."""

    def __init__(self, seed: int = 7, port: int = 0) -> None:
        self.world = World(seed)
        self._service = Service(self.world)
        self._server = Server(port, self._service)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, name="drive", daemon=True)

    @property
    def url(self) -> str:
        """The root: the API is at `url + "/drive/v3"`, the token endpoint at `url + "/token"`."""
        return self._service.url

    @property
    def api(self) -> str:
        """What the client takes as api_endpoint."""
        return f"{self.url}/drive/v3"

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self._service.faults

    @property
    def requests(self) -> RequestLog:
        """What was asked."""
        return self._service.requests

    @property
    def accounts(self) -> Accounts:
        """Who holds which token."""
        return self._service.accounts

    @property
    def channels(self) -> Channels:
        """Who is notified of what."""
        return self._service.channels

    def start(self) -> DriveServer:
        """Serve from a thread."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End serving and all connections."""
        self._server.stop()
        self._thread.join()

    def __enter__(self) -> DriveServer:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def token_for(self, email: str, scopes: tuple[str, ...] = (SCOPE,)) -> str:
        """A good access token of that user, created if not known."""
        with self.world.lock:
            return self.accounts.access_token(Holder(self.world.user(email).email, scopes))

    def credentials(self, email: str, scopes: tuple[str, ...] = (SCOPE,)) -> dict[str, Any]:
        """Arguments for google.oauth2.credentials.Credentials."""
        with self.world.lock:
            return self.accounts.credentials(email, scopes, self.url)

    def client_config(self) -> dict[str, Any]:
        """The content of credentials.json of an installed app, whose consent page and token endpoint are the emulator's."""
        return self.accounts.client_config(self.url)

    def service_account_info(self, email: str = "robot@emulator.iam.gserviceaccount.com") -> dict[str, Any]:
        """The content of a service account's key file. With a subject it acts for that user, else for itself."""
        pem, modulus, exponent = _service_key()
        with self.world.lock:
            self.accounts.service_key = (modulus, exponent)
        return {
            "type": "service_account",
            "project_id": "emulator",
            "private_key_id": "1",
            "private_key": pem,
            "client_email": email,
            "client_id": "100000000000000000001",
            "token_uri": f"{self.url}/token",
        }

    def revoke(self, email: str) -> None:
        """No token of that user is good until `restore`: 401 from the API, invalid_grant from the token endpoint."""
        with self.world.lock:
            self.accounts.revoke(email)

    def restore(self, email: str) -> None:
        """Tokens of that user are good again."""
        with self.world.lock:
            self.accounts.restore(email)

    def expire_access(self, email: str) -> None:
        """Access tokens of that user end as if an hour had passed; a refresh gives a new one."""
        with self.world.lock:
            self.accounts.expire(email)


@lru_cache(maxsize=1)
def _service_key() -> tuple[str, int, int]:
    """A private key in PEM, made once in a process, with modulus and exponent."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = key.public_key().public_numbers()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), numbers.n, numbers.e


def main() -> None:
    """Serve a small world, or one of `--files` files, until interrupted; prints the root URL."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.drive", description="Google Drive v3 on the loopback.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--files", type=int, default=0, help="so many more files in Alice's Drive")
    parser.add_argument("--folders", type=int, default=0, help="spread over so many folders")
    options = parser.parse_args()
    with DriveServer(options.seed, options.port) as server:
        email = server.world.sample()
        if options.files:
            server.world.bulk(server.world.user(email).root_id, options.folders, options.files)
        print(server.url, flush=True)  # noqa: T201
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
