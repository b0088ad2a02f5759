from fastapi import Response


def sign_in(response: Response, session: str) -> None:
    """How a session's cookie is set."""
    response.set_cookie(
        "__Host-session", session, path="/", secure=True, httponly=True, samesite="lax"
    )
