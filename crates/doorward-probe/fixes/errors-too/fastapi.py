from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware


def mend(app: FastAPI) -> None:
    """Around the application, and not in a route: then what is not there has it too."""
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example"])
