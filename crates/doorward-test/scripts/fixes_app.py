"""A small FastAPI application. What is wrong with it, or what mends it, stands beside it in
`part.py`; both are written by a test."""

import part
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

app = FastAPI()


@app.get("/data")
async def data(response: Response) -> dict:
    response.headers["Cache-Control"] = "public, max-age=60"
    response.headers["X-Total-Count"] = "1"
    return {"items": ["apple"]}


@app.get("/me")
async def me(request: Request) -> Response:
    if request.headers.get("cookie") == "session=of-ann":
        return JSONResponse({"name": "ann"})
    return JSONResponse({"error": "who is it?"}, 401)


@app.get("/form")
async def form() -> HTMLResponse:
    return HTMLResponse("<form method=post action=/notes><input name=text></form>")


@app.api_route("/private", methods=["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
async def private(request: Request) -> Response:
    if request.headers.get("authorization") == "Bearer of-ann":
        return JSONResponse({"name": "ann"})
    return JSONResponse({"error": "who is it?"}, 401, {"WWW-Authenticate": "Bearer"})


@app.post("/login")
async def login(response: Response) -> dict:
    if hasattr(part, "sign_in"):
        part.sign_in(response, "of-ann")
    return {"welcome": "ann"}


@app.post("/notes", status_code=201)
async def notes(request: Request) -> dict:
    return {"noted": len(await request.body()) > 0}


if hasattr(part, "mend"):
    part.mend(app)
