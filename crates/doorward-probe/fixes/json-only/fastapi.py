from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse


def mend(app: FastAPI) -> None:
    """Other types are what forms send, and what scripts may send without asking."""

    @app.middleware("http")
    async def refuse(request: Request, call_next):
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if request.method not in ("POST", "PUT", "PATCH") or kind == "application/json":
            return await call_next(request)
        return JSONResponse({"error": "application/json alone"}, 415)
