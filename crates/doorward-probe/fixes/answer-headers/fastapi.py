from fastapi import FastAPI, Request


def mend(app: FastAPI) -> None:
    """In every answer."""

    @app.middleware("http")
    async def dress(request: Request, call_next):
        response = await call_next(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cross-Origin-Resource-Policy"] = "same-site"
        response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
        return response
