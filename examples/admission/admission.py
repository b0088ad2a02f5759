"""Checks Doorward-Admitted: whether this very request came through the gate. No dependencies."""

import base64
import hashlib
import hmac
import os
import time

_text = os.environ.get("DOORWARD_ADMISSION_KEY", "")
KEY = base64.urlsafe_b64decode(_text + "=" * (-len(_text) % 4))
GATE = os.environ.get("DOORWARD_GATE_ID", "doorward")


def _base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def admitted(proof, method, target, body=b""):
    parts = (proof or "").split(".")
    if len(KEY) != 32 or len(parts) != 6:
        return False
    version, stamp, request_id, identity, digest, mac = parts
    fields = [version, GATE, stamp, request_id, method, target, identity, digest]
    text = b"".join(b"%d:%b" % (len(field.encode()), field.encode()) for field in fields)
    want = _base64url(hmac.new(KEY, text, hashlib.sha256).digest())
    if not hmac.compare_digest(want, mac.encode()) or version != "dwa1":
        return False
    fits = digest == "-" or digest.encode() == _base64url(hashlib.sha256(body).digest())
    return abs(time.time() - int(stamp)) <= 60 and fits
