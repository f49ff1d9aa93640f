"""The consent of an account, asked for in a browser: OAuth for installed programs, with PKCE, over the loopback interface.

What Google's own InstalledAppFlow.run_local_server does not do: requests that are no answer (a browser's speculative
connections, its look for an icon, another program's guess) neither block nor end the login.
"""

from __future__ import annotations

import hmac
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from blocks.credentials.base import ENOUGH, SCOPE
from blocks.credentials.json_files import OAuthClient
from blocks.credentials.refusals import PASSING
from blocks.credentials.tokens import Token
from core.errors import CredentialsLost, TransientError, UsageError

_HOST = "127.0.0.1"
_ANSWERED = b"<!doctype html><title>Levada</title><p>Levada has your answer: go back to the terminal. This page can be closed."
_EXCHANGE = 30.0
"""Seconds that the token endpoint may take."""

Answer = dict[str, str]


def log_in(
    client: OAuthClient, tell: Callable[[str], None], browser: bool = True, port: int = 0, timeout: float = 300.0
) -> Token:
    """Ask for consent to read a Drive, and wait for it; the token, whose account is not noted yet.

    `tell` is given the address to visit; `browser` opens it too, where there is one. `port` is where this machine waits for
    the answer; 0: any. Raises CredentialsLost if the consent is refused, is for too little, or does not come within `timeout`
    seconds; UsageError if the port is taken; TransientError if the token endpoint does not answer.
    """
    from google_auth_oauthlib.flow import InstalledAppFlow

    config = {
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "auth_uri": client.auth_uri,
        "token_uri": client.token_uri,
    }
    flow = InstalledAppFlow.from_client_config({"installed": config}, scopes=[SCOPE])
    with _listening(port) as (listener, answers):
        flow.redirect_uri = f"http://{_HOST}:{listener.server_port}/"
        with _oauthlib_settings(client.auth_uri):
            url, listener.state = flow.authorization_url(access_type="offline", prompt="consent")
        tell(url)
        if browser and _has_browser():
            _open(url)
        try:
            answer = answers.get(timeout=timeout)
        except queue.Empty:
            raise CredentialsLost(
                f"nobody consented within {timeout:.0f} s: run `levada drive login` again and open the address it prints"
            ) from None
    if "code" not in answer:
        raise CredentialsLost(
            f"the consent was refused ({answer['error'][:80]}): run `levada drive login` again and choose Allow"
        )
    return _exchanged(flow, answer["code"], client)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    state = ""
    """What the answer must bring back."""
    answers: queue.Queue[Answer]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    timeout = 60

    def do_GET(self) -> None:
        answer = dict(parse_qsl(urlsplit(self.path).query))
        ours = bool(self.server.state) and hmac.compare_digest(answer.get("state", "").encode(), self.server.state.encode())
        if not ours or not answer.keys() & {"code", "error"}:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(_ANSWERED)))
        self.end_headers()
        self.wfile.write(_ANSWERED)
        self.server.answers.put(answer)

    def log_message(self, *_: object) -> None:
        """The address holds the code."""


@contextmanager
def _listening(port: int) -> Iterator[tuple[_Listener, queue.Queue[Answer]]]:
    try:
        listener = _Listener((_HOST, port), _Handler)
    except OSError as exc:
        raise UsageError(f"port {port} cannot be listened at ({exc.strerror}): choose another one with --port") from exc
    listener.answers = queue.Queue()
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield listener, listener.answers
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def _has_browser() -> bool:
    """False for a Linux without a screen, where Python would start a text browser in this terminal."""
    return sys.platform != "linux" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _open(url: str) -> None:
    import webbrowser

    # In a thread: some browsers return only when they are closed. If none opens, the address is on the terminal.
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _exchanged(flow: Any, code: str, client: OAuthClient) -> Token:
    """The token for an authorization code."""
    import requests
    from oauthlib.oauth2 import OAuth2Error

    try:
        with _oauthlib_settings(client.token_uri):
            flow.fetch_token(code=code, timeout=_EXCHANGE)
    except OAuth2Error as exc:
        said = " ".join(f"{exc.error}: {exc.description or ''}".split()).rstrip(": ")
        if exc.error in PASSING | {"missing_token"}:  # the latter: an answer that is no JSON
            raise TransientError(f"Google's token endpoint is out of order ({said[:200]}): run it again") from exc
        raise CredentialsLost(
            f"Google refuses the login ({said[:200]}): run it again, with the credentials.json of your OAuth client"
        ) from exc
    except (requests.RequestException, ValueError) as exc:
        raise TransientError(f"Google's token endpoint does not answer ({type(exc).__name__}): run it again") from exc
    made, granted = flow.credentials, flow.oauth2session.token.get("scope") or [SCOPE]
    scopes = granted.split() if isinstance(granted, str) else list(granted)
    if not ENOUGH & set(scopes):
        raise CredentialsLost(
            "the account did not consent to its Drive being read: run `levada drive login` again and allow it"
        )
    if not made.refresh_token:
        raise CredentialsLost(
            "Google gave no lasting token: remove Levada at https://myaccount.google.com/connections and log in again"
        )
    return Token(
        refresh_token=made.refresh_token,
        client_id=client.client_id,
        client_secret=client.client_secret,
        token_uri=client.token_uri,
        auth_uri=client.auth_uri,
        access_token=made.token,
        expiry=made.expiry,
        scopes=tuple(sorted(scopes)),
    )


@contextmanager
def _oauthlib_settings(uri: str) -> Iterator[None]:
    """oauthlib is told by the environment alone that scopes may differ (we look at them), and of a server of this machine."""
    wanted = {"OAUTHLIB_RELAX_TOKEN_SCOPE": "1"}
    if uri.startswith("http:"):  # of this machine: json_files.is_url lets no other pass
        wanted["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
