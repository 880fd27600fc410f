"""An OpenID provider on loopback: it signs in whoever it is told to, or misbehaves."""

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey


@dataclass
class Provider:
    """`person`: the claims of who is signed in there; `lies`: claims that it says wrongly."""

    issuer: str = ""
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "ada-1", "name": "Ada"})
    lies: dict[str, Any] = field(default_factory=dict)
    is_down: bool = False
    signs_with: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    asked: dict[str, dict[str, str]] = field(default_factory=dict)  # by code

    def __post_init__(self) -> None:
        self.key = self.signs_with

    @property
    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def authorized(self, query: dict[str, str]) -> str:
        """Return where the browser is sent back to."""
        code = f"code-{len(self.asked)}"
        self.asked[code] = query
        said = urlencode({"code": code, "state": query["state"]})
        return f"{query['redirect_uri']}?{said}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """Return the tokens for a code, once, to who has asked for it."""
        asked = self.asked.pop(form.get("code", ""), None)
        verifier = sha256(form.get("code_verifier", "").encode()).digest()
        proof = urlsafe_b64encode(verifier).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != proof:
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": asked["client_id"],
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.person,
            **self.lies,
        }
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signs_with)
        return {"access_token": "access", "token_type": "Bearer", "id_token": signed}


@contextmanager
def provider() -> Iterator[Provider]:
    """Run a provider."""
    there = Provider()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if there.is_down:
                self._say(503, {})
            elif address.path == "/.well-known/openid-configuration":
                self._say(200, there.document)
            elif address.path == "/keys":
                self._say(200, {"keys": [there.key.as_dict(private=False)]})
            else:
                self.send_response(302)
                self.send_header("Location", there.authorized(dict(parse_qsl(address.query))))
                self.end_headers()

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            said = there.token(dict(parse_qsl(self.rfile.read(length).decode())))
            self._say(200, said) if said else self._say(400, {"error": "invalid_grant"})

        def _say(self, status: int, said: dict[str, Any]) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    there.issuer = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
