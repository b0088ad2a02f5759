from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware


def mend(app: FastAPI) -> None:
    app.add_middleware(CORSMiddleware, allow_origin_regex=".*", allow_credentials=True)
