from fastapi import FastAPI, Request


def mend(app: FastAPI) -> None:
    @app.middleware("http")
    async def allow(request: Request, call_next):
        response = await call_next(request)
        if response.status_code < 400:
            response.headers["Access-Control-Allow-Origin"] = "https://app.example"
        return response
