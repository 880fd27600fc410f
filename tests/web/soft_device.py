"""A device that keeps passkeys, in software: it answers what a browser would send on from it."""

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


@dataclass
class SoftDevice:
    """One key of one person. `flags`: whether somebody was there, and whether it was the person."""

    origin: str = "http://testserver"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    credential: bytes = b"a key of this device"
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def made(self, asked: dict[str, Any]) -> str:
        """Answer a question that makes a key."""
        data = self._data(asked["rp"]["id"], HAS_KEY) + self._public_key()
        attested = {"fmt": "none", "attStmt": {}, "authData": data}
        return self._answer(
            clientDataJSON=self._client("webauthn.create", asked),
            attestationObject=cbor2.dumps(attested),
        )

    def shown(self, asked: dict[str, Any]) -> str:
        """Answer a question for whose device this is."""
        self.count += 1
        client = self._client("webauthn.get", asked)
        data = self._data(asked["rpId"], 0)
        signed = data + hashlib.sha256(client).digest()
        return self._answer(
            clientDataJSON=client,
            authenticatorData=data,
            signature=self.key.sign(signed, ec.ECDSA(SHA256())),
        )

    def _client(self, what: str, asked: dict[str, Any]) -> bytes:
        said = {"type": what, "challenge": asked["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _data(self, host: str, more: int) -> bytes:
        flags = (self.flags | more).to_bytes(1, "big")
        return hashlib.sha256(host.encode()).digest() + flags + self.count.to_bytes(4, "big")

    def _public_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        return bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + key

    def _answer(self, **response: bytes) -> str:
        name = _text(self.credential)
        said = {key: _text(value) for key, value in response.items()}
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": said,
                "clientExtensionResults": {},
            }
        )


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")
