"""The HTTP side: the paths of the Bot API, the control path, and a listener that can be taken away."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from tests.telegram_api import methods_bot, methods_chats, methods_messages
from tests.telegram_api.actions import Actions
from tests.telegram_api.bot_api import BotApi, Outcome
from tests.telegram_api.errors import ApiError
from tests.telegram_api.faults import Fault
from tests.telegram_api.parameters import read_parameters

#: Their import enters the methods into the registry.
METHOD_MODULES = (methods_bot, methods_chats, methods_messages)
KEEP_ALIVE = 3600  # seconds


class _Protocol(H11Protocol):
    """Lets the application see its connection, so that it can be reset."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        application = self.app

        async def knowing(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
            scope["emulator.transport"] = transport
            await application(scope, receive, send)

        self.app = knowing


def _reset(request: Request) -> None:
    """Cut the connection with a TCP reset."""
    transport: asyncio.Transport = request.scope["emulator.transport"]
    transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    transport.abort()


async def _gone(request: Request) -> None:
    """Wait until the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _refused(error: ApiError) -> Response:
    headers = {}
    if "retry_after" in error.parameters:
        headers["Retry-After"] = str(error.parameters["retry_after"])
    return JSONResponse(error.body, error.code, headers)


async def _act_out(fault: Fault, outcome: Outcome, request: Request) -> Response:
    """Answer as the fault wants it; the response counts only where the connection still stands."""
    if fault.what == "reset":
        _reset(request)
        await _gone(request)
    elif fault.what == "silence":
        await _gone(request)
    if fault.refusal:
        return _refused(ApiError(fault.status, fault.refusal["description"], **_parameters(fault)))
    true = json.dumps(outcome.body)
    body = fault.body if fault.body is not None else true[: len(true) // 2]
    return Response(body, fault.status, media_type=fault.media_type)


def _parameters(fault: Fault) -> dict[str, Any]:
    return dict((fault.refusal or {}).get("parameters", {}))


async def _unless_gone(request: Request, work: Awaitable[Outcome]) -> Outcome | None:
    """Do the work, or drop it as soon as the client has gone."""
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for one in (working, gone):
            one.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _call(api: BotApi, token: str, name: str, request: Request) -> Response:
    """Answer /bot<token>/<method>."""
    try:
        method = api.find(token, name)
        if early := api.faults.before_body(method.name):
            api.log(method.name, {}).fault = f"{early.what} {early.when}"
            return await _act_out(early, Outcome(early.status, {}), request)
        given = await read_parameters(request)
    except ApiError as error:
        logged = api.log(name, {})
        logged.status, logged.description = error.code, error.description
        return _refused(error)
    outcome = await _unless_gone(request, api.carry_out(method, given))
    if outcome is None:
        return Response(status_code=499)
    if outcome.fault:
        return await _act_out(outcome.fault, outcome, request)
    if outcome.status != 200:
        parameters = outcome.body.get("parameters", {})
        return _refused(ApiError(outcome.status, outcome.body["description"], **parameters))
    return JSONResponse(outcome.body)


async def _download(api: BotApi, token: str, path: str, request: Request) -> Response:
    """Answer /file/bot<token>/<path>."""
    call = api.log("file", {"path": path})
    if fault := api.faults.before_body("file") or api.faults.before_call("file", None):
        call.fault = f"{fault.what} {fault.when}"
        return await _act_out(fault, Outcome(fault.status, {}), request)
    if token != api.world.token:
        return _refused(ApiError(401, "Unauthorized"))
    found = next((one for one in api.world.files.values() if one.path == path), None)
    if found is None:
        return _refused(ApiError(404, "Not Found"))
    return Response(found.content, media_type="application/octet-stream")


def application(api: BotApi, actions: Actions) -> FastAPI:
    """Build the ASGI application."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.api_route("/bot{token}/{name}", methods=["GET", "POST"])
    async def call(token: str, name: str, request: Request) -> Response:
        return await _call(api, token, name, request)

    @app.get("/file/bot{token}/{path:path}")
    async def download(token: str, path: str, request: Request) -> Response:
        return await _download(api, token, path, request)

    @app.post("/control/{name}")
    async def control(name: str, request: Request) -> Response:
        try:
            result = await actions.do(name, await request.json())
        except (ApiError, LookupError, TypeError, ValueError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
        return JSONResponse({"result": result})

    return app


class Listener:
    """The application on a port of 127.0.0.1, which can be closed for a while."""

    def __init__(self, app: FastAPI, port: int = 0) -> None:
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_keep_alive=KEEP_ALIVE)
        config.load()
        self.port = port
        self._state = ServerState()
        self._protocol: Callable[[], asyncio.Protocol] = partial(
            _Protocol, config=config, server_state=self._state, app_state={}
        )
        self._server: asyncio.Server | None = None
        self._hanging: list[socket.socket] = []

    async def open(self) -> None:
        """Listen; on the same port each time."""
        for one in self._hanging:
            one.close()
        self._hanging.clear()
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port, backlog=1024)
            self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuse new connections and cut those that there are."""
        if self._server:
            self._server.close()
            self._server = None
        for connection in list(self._state.connections):
            connection.transport.abort()
        while self._state.tasks:
            await asyncio.wait(self._state.tasks)
            await asyncio.sleep(0)  # their callbacks take them out of the set

    async def hang(self) -> None:
        """Let new connections neither come about nor fail: the queue of the port is full."""
        await self.close()
        port = socket.create_server(("127.0.0.1", self.port), backlog=0)
        self._hanging = [port]
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            with suppress(BlockingIOError):
                filler.connect(("127.0.0.1", self.port))
            self._hanging.append(filler)
