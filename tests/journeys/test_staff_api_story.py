# SPDX-License-Identifier: Apache-2.0
"""Two real nodes whose officers work through other systems: sent, told, read, done once over a kill -9."""

import asyncio
import json
import secrets
import socket
import threading
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.support.notices import small_notice
from tests.support.pair import FIRST, RealNode, RealPair
from tests.support.smtp_server import HOST, MailServer

WAIT_S = 60


class CaseSystem:
    """The case management of one agency: takes webhooks and mails, and asks the API."""

    def __init__(self) -> None:
        self.hooks: list[dict[str, Any]] = []
        self.came = threading.Event()
        self.mailed = threading.Event()
        self.letters: list[EmailMessage] = []
        self._http = HTTPServer((HOST, 0), self._handler())
        self.hook = f"http://{HOST}:{self._http.server_address[1]}/hook"
        self.mail_port = 0
        self._ready, self._loop, self._stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
        self._threads = [
            threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}),
            threading.Thread(target=self._serve_mail),
        ]

    def __enter__(self) -> "CaseSystem":
        for thread in self._threads:
            thread.start()
        assert self._ready.wait(WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._loop.call_soon_threadsafe(self._stop.set)
        for thread in self._threads:
            thread.join()

    def _serve_mail(self) -> None:
        async def serve() -> None:
            async with MailServer() as server:
                self.mail_port = server.port
                self._ready.set()
                while not self._stop.is_set():
                    if server.mails and not self.mailed.is_set():
                        self.letters.append(server.mails[0].letter)
                        self.mailed.set()
                    await asyncio.wait({asyncio.create_task(self._stop.wait())}, timeout=0.05)

        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(serve())

    def _handler(system) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                system.hooks.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()
                system.came.set()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def free_port() -> int:
    with socket.create_server((HOST, 0)) as found:
        return int(found.getsockname()[1])


def open_api(node: RealNode, more: str = "") -> str:
    """Give a node a staff API and start it again; return the address of the API."""
    port, path = free_port(), node.folder / "exchange.toml"
    text = path.read_text().partition("[staff]")[0]
    path.write_text(f'{text}[staff]\nhost = "{HOST}"\nport = {port}\n{more}')
    node.kill()
    node.start()
    return f"http://{HOST}:{port}"


def token(node: RealNode) -> str:
    added = node.service.ask("client.add", name="case-files", roles=["officer"], officer=FIRST)
    return str(added["token"])


def ask(url: str, token: str, path: str, body: Any = None, key: str = "") -> Any:
    fields = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
    data = None if body is None else json.dumps(body).encode()
    if data is not None:
        fields["Content-Type"] = "application/json"
    with urllib.request.urlopen(urllib.request.Request(url + path, data, fields), timeout=WAIT_S) as answer:
        return json.load(answer)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[RealPair]:
    with RealPair(tmp_path) as made:
        yield made


def test_two_case_systems_work_through_their_nodes(pair: RealPair) -> None:
    with CaseSystem() as system:
        sections = (
            f'[[staff.webhook]]\nurl = "{system.hook}"\nsecret = "{secrets.token_hex(16)}"\n'
            f'[notify]\nserver = "{HOST}"\nport = {system.mail_port}\nsecurity = "none"\n'
            'sender = "node@vn.example"\narrivals = ["office@vn.example"]\n'
        )
        sender, reader = open_api(pair.kh), open_api(pair.vn, sections)
        pair.until(pair.is_open)  # by then each channel has looked once, and knows where it begins
        officer, colleague = token(pair.kh), token(pair.vn)

        body = {"partner": "VN-MPS-IMM", "document": small_notice("VN")}
        sent = ask(sender, officer, "/v1/messages", body, key="first-message")
        pair.kh.kill()  # with SIGKILL
        pair.kh.start()
        again = ask(sender, officer, "/v1/messages", body, key="first-message")

        assert again == sent
        assert system.came.wait(WAIT_S)
        assert system.mailed.wait(WAIT_S)
        arrived = ask(reader, colleague, "/v1/messages?direction=in")["messages"]
        assert [row["id"] for row in arrived] == [sent["id"]]
        content = ask(reader, colleague, f"/v1/messages/{sent['id']}/content?purpose=identification_notice")
        assert content["document"]["persons"][0]["names"][0]["full"] == "NGUYEN Thi Mai"
        assert set(system.hooks[0]) == {"event", "at", "request"}
        assert "NGUYEN" not in str(system.letters[0])
