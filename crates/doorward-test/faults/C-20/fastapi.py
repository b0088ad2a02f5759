from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware


def mend(app: FastAPI) -> None:
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["https://app.example"],
        allow_credentials=True,
        expose_headers=["*"],
    )
