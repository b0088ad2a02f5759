from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware


def mend(app: FastAPI) -> None:
    """Added last, so that it stands before whatever asks who is calling."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["https://app.example"],
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type"],
    )
