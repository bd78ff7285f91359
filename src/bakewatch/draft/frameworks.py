"""Where an application of each framework says which commit it is, in a few lines that a person may take over."""

from msgspec import Struct


class Framework(Struct, frozen=True, kw_only=True):
    """One framework. In *lines*, `COMMIT` and `DEPLOYMENT` stand for the variables of whoever builds it."""

    name: str
    package: str
    """The package by which it is known."""
    file: str
    """Where the lines belong, below the application's folder."""
    lines: tuple[str, ...]
    path: str = "/version"
    """Where they then answer."""
    sign: tuple[str, ...] = ()
    """One of these folders tells it from others with the same package."""


_NODE = "{ commit: process.env.COMMIT, deployment: process.env.DEPLOYMENT }"

FRAMEWORKS = (
    Framework(
        name="Next.js (app router)",
        package="next",
        sign=("app", "src/app"),
        file="app/version/route.ts",
        lines=('export const dynamic = "force-dynamic";', f"export const GET = () => Response.json({_NODE});"),
    ),
    Framework(
        name="Next.js (pages router)",
        package="next",
        file="pages/api/version.ts",
        path="/api/version",
        lines=(f"export default (request, response) => response.json({_NODE});",),
    ),
    Framework(
        name="Nuxt",
        package="nuxt",
        file="server/routes/version.get.ts",
        lines=(f"export default defineEventHandler(() => ({_NODE}));",),
    ),
    Framework(
        name="SvelteKit",
        package="@sveltejs/kit",
        file="src/routes/version/+server.ts",
        lines=(
            'import { json } from "@sveltejs/kit";',
            'import { env } from "$env/dynamic/private";',
            "export const GET = () => json({ commit: env.COMMIT, deployment: env.DEPLOYMENT });",
        ),
    ),
    Framework(
        name="Remix",
        package="@remix-run/react",
        file="app/routes/version.ts",
        lines=(f"export const loader = () => Response.json({_NODE});",),
    ),
    Framework(
        name="React Router",
        package="@react-router/dev",
        file="app/routes/version.ts (and a route to it in app/routes.ts)",
        lines=(f"export const loader = () => Response.json({_NODE});",),
    ),
    Framework(
        name="Astro",
        package="astro",
        file="src/pages/version.ts",
        lines=("export const prerender = false;", f"export const GET = () => Response.json({_NODE});"),
    ),
    Framework(
        name="Vite (a static site)",
        package="vite",
        file="package.json, among the scripts",
        path="/version.json",
        lines=(r'"prebuild": "echo {\"commit\":\"$COMMIT\",\"deployment\":\"$DEPLOYMENT\"} > public/version.json"',),
    ),
)
"""The first that fits is taken: most others bring Vite along."""
