"""A reviewer's browser without the browser: Streamlit's own websocket protocol, real component messages."""

import json
from typing import Any
from urllib.parse import quote

import websocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

COMPONENT = "shiyao_workbench"
TIMEOUT = 60.0
CRASHES = ("这里出错了",)


class Disconnected(Exception):
    """The server is gone or the connection broke; the caller opens it again."""


class WorkbenchClient:
    """One open workbench (or another page, which is then only looked at).

    Attributes:
        payload: what the component was last given.
        crashes: exception boxes and sentences about unforeseen errors that the page has shown.
    """

    def __init__(self, port: int, reviewer: str, dataset_id: int, page: str = "workbench") -> None:
        self._port, self._reviewer, self._dataset_id, self._page = port, reviewer, dataset_id, page
        self._socket: websocket.WebSocket | None = None
        self._component_id = self._fragment_id = self._script_hash = ""
        self.payload: dict[str, Any] = {}
        self.crashes: list[str] = []

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._socket is not None

    def open(self) -> None:
        """Connect, and draw the whole page; raises :class:`Disconnected`."""
        self.close()
        origin = f"http://127.0.0.1:{self._port}"
        try:
            self._socket = websocket.create_connection(
                f"ws://127.0.0.1:{self._port}/_stcore/stream",
                timeout=TIMEOUT,
                origin=origin,
                subprotocols=["streamlit"],
                cookie=f"shiyao_reviewer={quote(self._reviewer)}",
                http_no_proxy=["127.0.0.1"],
            )
        except (OSError, websocket.WebSocketException) as error:
            raise Disconnected(str(error)) from error
        message = BackMsg()
        message.rerun_script.query_string = f"dataset={self._dataset_id}"
        message.rerun_script.page_name = self._page
        self._exchange(message)

    def send(self, state: Any) -> dict[str, Any]:
        """Send the component's state, and give the payload that answers it; raises :class:`Disconnected`."""
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string = f"dataset={self._dataset_id}"
        rerun.page_script_hash = self._script_hash
        rerun.fragment_id = self._fragment_id
        widget = rerun.widget_states.widgets.add()
        widget.id = self._component_id
        widget.json_value = json.dumps(state)
        self._exchange(message)
        return self.payload

    def close(self) -> None:
        """Leave without a word, as a closed lid does."""
        if self._socket is not None:
            self._socket.close(timeout=0)
            self._socket = None

    def _exchange(self, message: BackMsg) -> None:
        if self._socket is None:
            raise Disconnected("not open")
        try:
            self._socket.send_binary(message.SerializeToString())
            while not self._read(self._socket.recv()):
                pass
        except (OSError, websocket.WebSocketException) as error:
            self.close()
            raise Disconnected(str(error)) from error

    def _read(self, raw: bytes | str) -> bool:
        """Read one message; whether the script has ended."""
        if not raw:
            raise Disconnected("closed")
        received = ForwardMsg()
        received.ParseFromString(raw if isinstance(raw, bytes) else raw.encode())
        kind = received.WhichOneof("type")
        if kind == "new_session":
            self._script_hash = received.new_session.page_script_hash
        elif kind == "delta" and received.delta.WhichOneof("type") == "new_element":
            self._element(received.delta)
        elif kind == "script_finished":
            return True
        return False

    def _element(self, delta: Any) -> None:
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "bidi_component" and element.bidi_component.component_name.endswith(COMPONENT):
            self._component_id, self._fragment_id = element.bidi_component.id, delta.fragment_id
            self.payload = json.loads(element.bidi_component.bytes)
        elif kind == "exception":
            self.crashes.append(f"{element.exception.type}: {element.exception.message[:300]}")
        elif kind == "alert" and any(words in element.alert.body for words in CRASHES):
            self.crashes.append(element.alert.body[:300])
