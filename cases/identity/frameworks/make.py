"""Makes the cookies of cases/identity/signed-*.case by the frameworks' own packages:

    pip install flask==3.1.3 django==5.2.19
    python make.py

Each line is a name and the cookie. express.js makes those of Express.
"""

import hashlib
from unittest import mock

import django
from django.conf import settings
from django.core import signing
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

START = 1767225600  # 2026-01-01T00:00:00Z
SECRET = "a secret of the cases' frameworks, of no use elsewhere"
OLD = "the secret that the cases' frameworks had before"
ID = hashlib.sha512(b"of Flask-Login").hexdigest()
LONG = {"_user_id": "42", "_fresh": True, "_id": ID}


def flask(session, at=START, secret=SECRET):
    app = Flask("cases")
    app.secret_key = secret
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    with mock.patch("time.time", return_value=at):
        return signer.dumps(session)


def django_(session, at=START, secret=SECRET):
    serializer = settings.SESSION_SERIALIZER.rsplit(".", 1)[1]
    assert serializer == "JSONSerializer"
    from django.contrib.sessions.serializers import JSONSerializer

    with mock.patch("time.time", return_value=at):
        salt = "django.contrib.sessions.backends.signed_cookies"
        return signing.dumps(
            session, key=secret, salt=salt, serializer=JSONSerializer, compress=True
        )


settings.configure(SECRET_KEY=SECRET)
django.setup()
USER = {"_auth_user_id": "42", "_auth_user_backend": "b.ModelBackend", "_auth_user_hash": ID[:64]}
for make in (flask, django_):
    name = make.__name__.strip("_")
    print(name, "number", make({"user_id": 42}))
    print(name, "text", make({"user_id": "ann", "roles": ["admin"]}))
    print(name, "anonymous", make({"cart": [7]}))
    print(name, "nobody", make({"user_id": None}))
    print(name, "empty", make({}))
    print(name, "login", make(LONG if make is flask else USER))
    print(name, "ends", make({"user_id": 42}, START - 14 * 86400))
    print(name, "over", make({"user_id": 42}, START - 14 * 86400 - 1))
    print(name, "ahead", make({"user_id": 42}, START + 30))
    print(name, "future", make({"user_id": 42}, START + 31))
    print(name, "old", make({"user_id": 42}, START, OLD))
    print(name, "stranger", make({"user_id": 42}, START, "somebody else's secret of some length"))
    print(name, "bomb", make({"user_id": 42, "x": "0" * 100_000}))
    print(name, "list", make([1, 2]))

# What the same secret signs for something else.
with mock.patch("time.time", return_value=START):
    how = {"key_derivation": "hmac"}
    other = URLSafeTimedSerializer(SECRET, salt="reset-password", signer_kwargs=how)
    print("flask elsewhere", other.dumps({"user_id": 42}))
    print("django elsewhere", signing.dumps({"user_id": 42}, key=SECRET, salt="reset-password"))
    # Django compresses by itself; a pickle is what PickleSerializer wrote.
    signer = signing.TimestampSigner(
        key=SECRET, salt="django.contrib.sessions.backends.signed_cookies"
    )
    print("django pickle", signer.sign("gAWVEQAAAAAAAAB9lIwHdXNlcl9pZJRLKnMu"))
    print("django broken", signer.sign("not base64!"))
    print("django torn", signer.sign(".eJyrVirNTFGyMjGq"))
