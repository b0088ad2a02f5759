from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware


def mend(app: FastAPI) -> None:
    """A list makes the middleware send `Vary: Origin` to everybody, allowed or not."""
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example"])
