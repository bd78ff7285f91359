"""What goes wrong, as the client sees it: always `{"code", "message"}`."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from live_event.context import Refusal
from live_event.pages.routes import page
from live_event.rest import RestError

_NO_OBJECT = {"model_attributes_type", "dict_type", "model_type"}
_OURS = {"empty_body", "too_long", "no_tag"}


def handle(app: FastAPI) -> None:
    """Have *app* answer what goes wrong so."""
    app.exception_handler(RestError)(_rest_error)
    app.exception_handler(Refusal)(_refusal)
    app.exception_handler(RequestValidationError)(_unfit)
    app.exception_handler(HTTPException)(_plain)


async def _rest_error(request: Request, problem: RestError) -> JSONResponse:
    return JSONResponse(problem.body, problem.status)


async def _refusal(request: Request, refused: Refusal) -> JSONResponse:
    headers = None if refused.again is None else {"retry-after": str(refused.again)}
    return JSONResponse({"code": refused.code, "message": refused.message}, refused.status, headers)


async def _plain(request: Request, problem: HTTPException) -> Response:
    if problem.status_code == 404 and "text/html" in request.headers.get("accept", ""):
        return page(request, "missing", 404)
    code = {404: "not_found", 405: "method_not_allowed"}.get(problem.status_code, "refused")
    content = {"code": code, "message": str(problem.detail)}
    return JSONResponse(content, problem.status_code, problem.headers)


async def _unfit(request: Request, problem: RequestValidationError) -> JSONResponse:
    status, code, message = _told(problem.errors()[0])
    return JSONResponse({"code": code, "message": message}, status)


def _told(first: dict[str, Any]) -> tuple[int, str, str]:
    kind, where = first["type"], first["loc"]
    if kind == "unwritable":
        return 400, "bad_json", first["msg"]
    if kind == "json_invalid":
        return 400, "bad_json", "Could not parse the request body as JSON."
    if kind in _NO_OBJECT or where == ("body",):
        return 400, "bad_json", "The request body must be a JSON object."
    if kind in _OURS:
        return 422, kind, first["msg"]
    return 422, "unfit", f"{'.'.join(map(str, where))}: {first['msg']}"
