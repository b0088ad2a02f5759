from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware


def mend(app: FastAPI) -> None:
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example"])

    @app.middleware("http")
    async def approve(request: Request, call_next):
        if request.method != "OPTIONS":
            return await call_next(request)
        headers = {
            "Access-Control-Allow-Origin": request.headers.get("origin", "*"),
            "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
        }
        return Response(status_code=204, headers=headers)
