from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

OURS = ["https://api.example", "https://app.example"]


def mend(app: FastAPI) -> None:
    """A request that may change something is refused if its page is none of ours."""

    @app.middleware("http")
    async def refuse(request: Request, call_next):
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site", "none")
        is_ours = origin in OURS if origin else site in ("same-origin", "none")
        if is_ours or request.method in ("GET", "HEAD", "OPTIONS"):
            return await call_next(request)
        return JSONResponse({"error": "this comes from another site"}, 403)
