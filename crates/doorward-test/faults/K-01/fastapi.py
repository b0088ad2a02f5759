from fastapi import Response


def sign_in(response: Response, session: str) -> None:
    response.set_cookie("session", session, samesite=None)
