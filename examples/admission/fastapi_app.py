"""FastAPI, Starlette: as the outermost middleware."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from admission import admitted

app = FastAPI()


@app.middleware("http")
async def only_through_the_gate(request: Request, call_next):
    # raw_path is the path as it arrived; request.url.path is decoded.
    target = request.scope["raw_path"].decode("ascii")
    # With an empty query the server drops the question mark, and the proof no longer fits.
    if query := request.scope["query_string"].decode("ascii"):
        target += "?" + query
    # Only where a route binds its body: this reads it whole.
    body = await request.body()
    if not admitted(request.headers.get("doorward-admitted"), request.method, target, body):
        return JSONResponse({"error": "this request did not come through the gate"}, 403)
    return await call_next(request)


@app.get("/api/data")
async def items():
    return {"items": []}
