"""Lines as Supabase and Vercel log them, for the checks of the packs: which ones count, and which only look like it."""

import json
from dataclasses import dataclass
from typing import Any

Line = dict[str, Any]
"""`source`, `event_message`, `severity_text` and `log_attributes`."""

ANN, BOB = "6f1d1c1e-0000-4000-8000-000000000001", "6f1d1c1e-0000-4000-8000-000000000002"


@dataclass(frozen=True)
class Sample:
    """Of each of *events* the check counts one, among *of* when it stands *besides* the others, of which it counts
    none."""

    events: tuple[Line, ...]
    besides: tuple[Line, ...] = ()
    of: int = 0


def _line(source: str, message: str, level: str, attributes: dict[str, Any]) -> Line:
    texts = {key: str(value) for key, value in attributes.items() if value != ""}
    return {"source": source, "event_message": message, "severity_text": level, "log_attributes": texts}


def edge(path: str, status: int = 200, user: str = "", method: str = "GET", ms: int = 40, **headers: str) -> Line:
    """A request at the gateway; *headers* of the request or, with `response_` before them, of the answer."""
    told = {
        f"response.headers.{key.removeprefix('response_')}"
        if key.startswith("response_")
        else f"request.headers.{key}": one
        for key, one in headers.items()
    }
    about = {
        "request.method": method,
        "request.path": path,
        "request.host": "abcdefghijklmnopqrst.supabase.co",
        "request.sb.auth_user": user,
        "response.status_code": status,
        "response.origin_time": ms,
        "request.headers.user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
    }
    message = (
        f"{method} | {status} | 203.0.113.7 | 7ac6d98c6d4558de | https://abcdefghijklmnopqrst.supabase.co{path} | x"
    )
    return _line("edge_logs", message, "INFO", {**about, **told})


def postgres(state: str, message: str, severity: str = "ERROR", role: str = "authenticator", **more: str) -> Line:
    """A line of the database's own log."""
    about = {
        "parsed.error_severity": severity,
        "parsed.sql_state_code": state,
        "parsed.user_name": role,
        "parsed.database_name": "postgres",
        "parsed.backend_type": "client backend",
        "parsed.command_tag": "SELECT",
    }
    return _line("postgres_logs", message, severity, {**about, **{f"parsed.{key}": one for key, one in more.items()}})


def auth(path: str, status: int = 200, grant: str = "", code: str = "", *, told: bool = True) -> Line:
    """The line that ends a request of the auth service; unless *told*, some of it stands in the message only."""
    about: dict[str, Any] = {
        "component": "api",
        "method": "POST",
        "path": path,
        "status": status,
        "msg": "request completed",
    }
    more = {key: one for key, one in {"grant_type": grant, "error_code": code}.items() if one}
    level = "error" if status >= 500 else "warning" if status >= 400 else "info"
    message = json.dumps({**about, **more, "level": level, "remote_addr": "203.0.113.7"}, separators=(",", ":"))
    return _line("auth_logs", message, level.upper(), {**about, **(more if told else {}), "level": level})


def begun(path: str) -> Line:
    """The line that some versions of the auth service begin a request with: it has no status."""
    about = {"component": "api", "method": "POST", "path": path, "msg": "request started", "level": "info"}
    return _line("auth_logs", json.dumps(about), "INFO", about)


def called(status: int = 200) -> Line:
    """A call of an edge function."""
    about = {
        "function_id": "09f74752",
        "request.method": "POST",
        "request.pathname": "/pay",
        "response.status_code": status,
    }
    return _line("function_edge_logs", f"POST | {status} | https://x.functions.supabase.co/pay", "INFO", about)


def printed(kind: str, message: str, level: str = "info") -> Line:
    """What an edge function, or what runs it, says."""
    return _line(
        "function_logs", message, level.upper(), {"event_type": kind, "level": level, "function_id": "09f74752"}
    )


def said(source: str, message: str, level: str = "") -> Line:
    """A line of a service that tells little."""
    return _line(source, message, level.upper() or "INFO", {"level": level, "project": "abcdefghijklmnopqrst"})


def vercel(status: int = 200, path: str = "/", request: str = "r1", **changes: Any) -> Line:
    """The line of a request that Vercel's drain sends, as `bakewatch serve` keeps it."""
    about = {
        "source": "lambda",
        "level": "info",
        "environment": "production",
        "requestId": request,
        "statusCode": status,
        "proxy.method": "GET",
        "proxy.host": "shop.example",
        "proxy.path": path,
        "proxy.statusCode": status,
    }
    message = changes.pop("message", "")
    about |= {key.replace("__", "."): one for key, one in changes.items()}
    return _line("vercel_logs", message, str(about["level"]).upper(), about)


OWN = {
    "edge_logs": edge("/auth/v1/bakewatch", 404, user_agent="bakewatch/bw-0123456789ab-1"),
    "postgres_logs": postgres("00000", "bakewatch canary bw-0123456789ab-1", "LOG", "supabase_read_only_user"),
    "auth_logs": auth("/bakewatch", 404),
    "vercel_logs": vercel(404, "/bakewatch", "own", proxy__userAgent='["bakewatch"]'),
}
"""Our canaries."""

REST, USERS, TOKEN = "/rest/v1/registrations", "/auth/v1/user", "/token"
GONE, DUPLICATE = (
    "column registrations.id does not exist",
    'duplicate key value violates unique constraint "r_email_key"',
)
REFUSED = 'new row violates row-level security policy for table "registrations"'
REUSED = "refresh_token_already_used"
STATEMENT, USER_CANCELLED = (f"canceling statement due to {why}" for why in ("statement timeout", "user request"))
FULL = "remaining connection slots are reserved for roles with the SUPERUSER attribute"

SUPABASE = {
    "db-schema-errors": Sample(
        events=(
            postgres("42703", GONE),
            postgres("42P01", 'relation "public.registration" does not exist', role="supabase_storage_admin"),
            postgres("42883", "function public.enter(uuid) does not exist"),
        ),
        besides=(
            postgres("42703", "column x does not exist", role="postgres"),
            postgres("23505", DUPLICATE),
            edge(REST, 400),
        ),
        of=1,
    ),
    "api-schema-errors": Sample(
        events=(
            edge(REST, 400, ANN, "POST", response_sb_error_code="PGRST204"),
            edge("/rest/v1/registration", 404, response_x_sb_error_code="PGRST205"),
            edge(REST, 400),
        ),
        besides=(
            edge(REST),
            edge(REST, 409, method="POST"),
            edge(REST, 406),
            edge(REST, 400, response_sb_error_code="P0001"),
            edge("/auth/v1/token", 400),
        ),
        of=5,
    ),
    "api-server-errors": Sample(
        events=(edge(REST, 500), edge(REST, 504, ANN)), besides=(edge(REST), edge(USERS, 500), edge(REST, 404)), of=3
    ),
    "api-signed-in-failures": Sample(
        events=(edge(REST, 400, ANN), edge(REST, 404, ANN), edge(REST, 500, ANN)),
        besides=(
            edge(REST, 400),
            edge(REST, 409, BOB, "POST"),
            edge(REST, 401, BOB),
            edge(REST, 406, BOB),
            edge(USERS, 500, BOB),
        ),
        of=2,
    ),
    "db-new-errors": Sample(
        events=(postgres("22P02", 'invalid input syntax for type uuid: "x"'), postgres("XX000", "cache lookup failed")),
        besides=(
            postgres("57014", STATEMENT),
            postgres("53300", FULL, "FATAL"),
            postgres("40P01", "deadlock detected"),
            postgres("42601", "syntax error at end of input", role="postgres"),
            postgres("01000", "a warning", "WARNING"),
        ),
        of=7,
    ),
    "db-direct-errors": Sample(
        events=(postgres("42703", GONE, role="postgres"), postgres("23502", "null value", role="shop")),
        besides=(postgres("42703", GONE), postgres("00000", "checkpoint complete", "LOG", "postgres")),
    ),
    "db-fatal": Sample(
        events=(postgres("57P01", "terminating connection due to administrator command", "FATAL"),),
        besides=(postgres("28P01", "password authentication failed", "FATAL"), postgres("53300", FULL, "FATAL")),
    ),
    "db-crash": Sample(
        events=(
            postgres("XX000", "could not locate a valid checkpoint record", "PANIC", "postgres"),
            postgres("53200", "out of memory"),
            postgres("53100", "could not extend file: No space left on device"),
            postgres("00000", "server process (PID 812) was terminated by signal 9: Killed", "LOG", ""),
        ),
        besides=(
            postgres("57P01", "terminating connection due to administrator command", "FATAL"),
            postgres("22P02", 'invalid input syntax for type uuid: "was terminated by signal"'),
        ),
    ),
    "db-timeouts": Sample(
        events=(postgres("57014", STATEMENT),),
        besides=(
            postgres("57014", USER_CANCELLED),
            postgres("57014", STATEMENT, role="postgres"),
            edge(REST),
        ),
        of=1,
    ),
    "db-deadlocks": Sample(
        events=(postgres("40P01", "deadlock detected"),), besides=(postgres("40001", "could not serialize"),)
    ),
    "db-connections-full": Sample(
        events=(postgres("53300", FULL, "FATAL", "postgres"),),
        besides=(postgres("57P01", "terminating connection due to administrator command", "FATAL"),),
    ),
    "pooler-full": Sample(
        events=(
            said("supavisor_logs", "MaxClientsInSessionMode: max clients reached - in Session mode", "error"),
            said("supavisor_logs", "Max client connections reached", "error"),
        ),
        besides=(said("supavisor_logs", "Connected", "info"),),
    ),
    "pgbouncer-full": Sample(
        events=(
            said("pgbouncer_logs", "closing because: no more connections allowed (max_client_conn) (age=0s)"),
            said("pgbouncer_logs", "closing because: query_wait_timeout (age=120s)"),
        ),
        besides=(said("pgbouncer_logs", "new connection to server"),),
    ),
    "api-unavailable": Sample(
        events=(edge(REST, 504), edge(REST, 503, ANN)),
        besides=(edge(REST, 500), edge("/storage/v1/object/a", 504)),
        of=2,
    ),
    "api-slow": Sample(
        events=(edge(REST, ms=4_000),), besides=(edge(REST, ms=90), edge("/functions/v1/pay", ms=9_000)), of=2
    ),
    "storage-server-errors": Sample(
        events=(edge("/storage/v1/object/a.png", 500),),
        besides=(edge("/storage/v1/object/a.png", 400), edge(REST, 500)),
        of=2,
    ),
    "storage-errors": Sample(
        events=(said("storage_logs", "upstream closed", "error"),), besides=(said("storage_logs", "ok", "info"),)
    ),
    "realtime-errors": Sample(
        events=(said("realtime_logs", "Subscribing to PostgreSQL failed", "error"),),
        besides=(said("realtime_logs", "joined", "info"), said("realtime_logs", "slow", "warning")),
    ),
    "functions-server-errors": Sample(events=(called(500), called(546)), besides=(called(), called(401)), of=3),
    "functions-crashes": Sample(
        events=(
            printed("UncaughtException", "TypeError: x is not a function", "error"),
            printed("BootFailure", "worker boot error", "error"),
        ),
        besides=(printed("Log", "an error that was caught", "error"), printed("Shutdown", "shutdown")),
    ),
    "db-duplicate-keys": Sample(
        events=(postgres("23505", DUPLICATE),),
        besides=(
            postgres("23503", "violates foreign key constraint"),
            postgres("23505", DUPLICATE, role="postgres"),
            edge(REST, 409, method="POST"),
            edge(REST),
        ),
        of=1,
    ),
    "api-conflicts": Sample(
        events=(edge(REST, 409, ANN, "POST"), edge(REST, 409, method="PATCH")),
        besides=(edge(REST, 201, BOB, "POST"), edge(REST, 409), edge("/auth/v1/signup", 409, method="POST")),
        of=2,
    ),
    "api-calls-per-person": Sample(
        events=(edge(REST, user=ANN), edge(USERS, user=ANN)), besides=(edge("/storage/v1/object/a", user=BOB),)
    ),
    "api-writes": Sample(
        events=(edge(REST, 201, ANN, "POST"), edge(REST, 204, ANN, "DELETE")),
        besides=(
            edge(REST, user=BOB),
            edge(REST, 403, BOB, "POST"),
            edge("/rest/v1/rpc/count", 200, BOB, "POST"),
            edge(REST, 201, method="POST"),
        ),
        of=2,
    ),
    "db-denied": Sample(
        events=(postgres("42501", REFUSED), postgres("42501", "permission denied for table pg_authid")),
        besides=(postgres("42501", "permission denied", role="postgres"), edge(REST, 403)),
        of=1,
    ),
    "api-denied": Sample(
        events=(edge(REST, 401, ANN), edge(REST, 403, ANN, "POST")),
        besides=(edge(REST, 401), edge(USERS, 403, BOB), edge(REST, user=BOB)),
        of=2,
    ),
    "auth-server-errors": Sample(
        events=(auth("/user", 500),), besides=(auth("/user"), auth(TOKEN, 400), begun("/user")), of=3
    ),
    "auth-user-calls": Sample(
        events=(auth("/user"), auth("/user", 403)), besides=(auth(TOKEN), begun("/user"), edge(REST), edge(USERS)), of=1
    ),
    "auth-refresh-calls": Sample(
        events=(auth(TOKEN, grant="refresh_token"), auth(TOKEN, grant="refresh_token", told=False)),
        besides=(auth(TOKEN, grant="password"), begun(TOKEN), edge(REST)),
        of=1,
    ),
    "auth-refresh-reuse": Sample(
        events=(
            auth(TOKEN, 400, "refresh_token", REUSED),
            auth(TOKEN, 400, "refresh_token", REUSED, told=False),
        ),
        besides=(auth(TOKEN, 400, "refresh_token", "refresh_token_not_found"), auth(TOKEN, grant="refresh_token")),
        of=3,
    ),
    "auth-sign-ins": Sample(
        events=(auth(TOKEN, grant="password"), auth(TOKEN, grant="password", told=False)),
        besides=(auth(TOKEN, 400, "password", "invalid_credentials"), auth(TOKEN, grant="refresh_token"), begun(TOKEN)),
        of=2,
    ),
    "auth-rate-limited": Sample(events=(auth("/otp", 429),), besides=(auth("/otp"), auth(TOKEN, 400)), of=3),
}

CRASHED = {"statusCode": -1, "proxy__statusCode": 500}
THREW = "TypeError: Cannot read properties of undefined (reading 'id')\n    at Page (/var/task/page.js:1:1)"

VERCEL = {
    "vercel-server-errors": Sample(
        events=(vercel(500), vercel(500, statusCode=-1)),
        besides=(
            vercel(200, request="r2"),
            vercel(404, request="r3"),
            vercel(500, request="r4", environment="preview"),
            vercel(500, request="r5", proxy__statusCode=-1),
        ),
        of=3,
    ),
    "vercel-crashes": Sample(
        events=(vercel(500, statusCode=-1),), besides=(vercel(500, request="r2"), vercel(200, request="r3")), of=3
    ),
    "vercel-new-errors": Sample(
        events=(
            vercel(500, level="error", message=THREW),
            vercel(500, level="error", source="edge", message="Error: Cannot find module 'sharp'"),
            vercel(500, level="fatal", message="Error: supabaseUrl is required."),
        ),
        besides=(
            vercel(
                504,
                request="r2",
                level="error",
                message="Vercel Runtime Timeout Error: Task timed out after 10 seconds",
            ),
            vercel(500, request="r3", level="error", message="Error: connect ECONNREFUSED"),
            vercel(200, request="r4", level="info", message="TypeError is a word"),
            vercel(500, request="r5", level="error", message=THREW, environment="preview"),
            vercel(0, request="", level="error", source="build", message="Error: Command failed"),
        ),
        of=7,
    ),
    "vercel-error-lines": Sample(
        events=(vercel(level="error", message="Error: no such order"),),
        besides=(
            vercel(request="r2"),
            vercel(request="r3", source="static", level="error"),
            vercel(request="r4", level="warning"),
        ),
        of=3,
    ),
    "vercel-timeouts": Sample(
        events=(vercel(504), vercel(502, message="FUNCTION_INVOCATION_TIMEOUT")),
        besides=(vercel(500, request="r2"), vercel(504, request="r3", environment="preview")),
        of=2,
    ),
    "vercel-out-of-memory": Sample(
        events=(
            vercel(500, message="FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"),
            vercel(500, message="Runtime exited with error: signal: killed"),
        ),
        besides=(vercel(500, request="r2", message="Error: no"),),
    ),
    "vercel-broken-links": Sample(
        events=(vercel(404, "/orders", proxy__referer="https://shop.example/cart"),),
        besides=(
            vercel(404, "/wp-login.php", "r2"),
            vercel(404, "/old", "r3", proxy__referer="https://search.example/"),
            vercel(200, "/cart", "r4", proxy__referer="https://shop.example/"),
        ),
        of=4,
    ),
    "vercel-api-calls": Sample(
        events=(vercel(200, "/api/cart"),),
        besides=(vercel(200, "/cart", "r2"), vercel(200, "/_next/static/a.js", "r3", source="static")),
        of=1,
    ),
}

SAMPLES = {"supabase": SUPABASE, "vercel": VERCEL}
