from fastapi import FastAPI, Request

LIST = ["https://app.example"]


def mend(app: FastAPI) -> None:
    @app.middleware("http")
    async def allow(request: Request, call_next):
        response = await call_next(request)
        if request.headers.get("origin") in LIST:
            response.headers["Access-Control-Allow-Origin"] = request.headers["origin"]
        return response
