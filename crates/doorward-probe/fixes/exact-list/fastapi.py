from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware


def mend(app: FastAPI) -> None:
    """Whole origins, in a list: `allow_origin_regex` allows more than it says."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["https://app.example"],
        allow_credentials=True,
    )
