from fastapi import FastAPI, Request


def mend(app: FastAPI) -> None:
    @app.middleware("http")
    async def allow(request: Request, call_next):
        response = await call_next(request)
        response.headers["Access-Control-Allow-Origin"] = "https://app.example"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        return response
