"""What is proved of a story besides its end: every request is documented, and the vendor's command line agrees."""

import os
import subprocess
from pathlib import Path

from tests.contract import openapi_github
from tests.contract.openapi import FOLDER, document
from tests.e2e.supastack import SupabaseStack
from tests.e2e.vendorstack import VERCEL_TOKEN, VendorStack

PROGRAM = Path(__file__).parent.parent / ".cache" / "vercel" / "node_modules" / "vercel" / "dist" / "vc.js"


def undocumented(stack: VendorStack) -> tuple[int, list[str]]:
    """How many requests were held to the documents, and what was found not to be as they say; (0, []) without them."""
    if not os.environ.get(FOLDER):
        return 0, []
    strange, held = [], 0
    vercel = document("vercel")
    for asked, (status, answer) in zip(stack.vercel.asked, stack.vercel.answered, strict=True):
        if not vercel.describes(asked.path):
            continue  # the command line's own ways
        held += 1
        try:
            vercel.check(asked.method, asked.path, asked.query, status, answer, asked.body)
        except Exception as error:  # of many kinds: any of them is what is looked for
            strange.append(f"{asked.method} {asked.path}: {type(error).__name__}")
    if isinstance(stack, SupabaseStack):
        supabase = document("supabase")
        for one, reply in zip(stack.supabase.asked, stack.supabase.answered, strict=True):
            if one.path.startswith("/v1/"):
                held += 1
                try:
                    supabase.check(one.method, one.path, one.query, reply.status, reply.body, one.body)
                except Exception as error:
                    strange.append(f"{one.method} {one.path}: {type(error).__name__}")
    try:
        held += openapi_github.check(stack.github.exchanges)
    except Exception as error:
        strange.append(f"github: {error}"[:200])
    return held, strange


def command_line_sees(stack: VendorStack) -> str:
    """What `vercel rollback status` says of the rollback that bakewatch made."""
    if not PROGRAM.exists():
        return "not installed"
    folder = stack.folder / "cli"
    (folder / ".vercel").mkdir(parents=True)
    (folder / ".vercel" / "project.json").write_text('{"projectId": "prj_live", "orgId": "team_live"}')
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "CI": "1", "VERCEL_TELEMETRY_DISABLED": "1"}
    where = ["--cwd", str(folder), "--global-config", str(folder / "home")]
    asked = ["rollback", "status", "live", *where, "--api", stack.vercel.url, "--token", VERCEL_TOKEN]
    done = subprocess.run(["node", str(PROGRAM), *asked], env=environ, capture_output=True, text=True, timeout=60)
    told = " ".join((done.stdout + done.stderr).split())
    return f"yes: {told[-120:]}" if done.returncode == 0 and "was rolled back to" in told else f"no: {told[-200:]}"
