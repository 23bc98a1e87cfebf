"""Tokens signed with HS256, right or wrong ones."""
import base64
import hashlib
import hmac
import json

SECRET = "secret"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(claims, secret=SECRET, header=None):
    """A token; `claims` and `header` are objects, or bytes to be taken as they are."""
    parts = [header if header is not None else {"alg": "HS256", "typ": "JWT"}, claims]
    signed = ".".join(encode(p if isinstance(p, bytes) else json.dumps(p).encode()) for p in parts)
    return f"{signed}.{encode(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"
