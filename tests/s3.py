"""A real S3 server on loopback, behind a gate that tests shut to take the bucket away."""

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

# Only for the server below; boto reads no file of this machine's owner.
CREDENTIALS = {"access_key": "only-for-tests", "secret_key": "only-for-tests"}
BUCKET = "rushes-media"


class Gate:
    """A port that forwards to another; shut, it drops what is connected and lets nobody in."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._is_open = True
        self._sockets: set[socket.socket] = set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.passed = 0  # connections
        threading.Thread(target=self._listen, daemon=True).start()

    def shut(self) -> None:
        self._is_open = False
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def open(self) -> None:
        self._is_open = True

    def close(self) -> None:
        self._door.close()
        self.shut()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                came, _address = self._door.accept()
                if not self._is_open:
                    came.close()
                    continue
                self.passed += 1
                there = socket.create_connection(("127.0.0.1", self._target))
                for one, other in ((came, there), (there, came)):
                    self._sockets.add(one)
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                to.sendall(data)
        for one in (source, to):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._sockets.discard(source)
        source.close()


@contextlib.contextmanager
def server() -> Iterator[int]:
    """Run an S3 server that keeps everything in memory; give its port."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each call
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    try:
        yield running.get_host_and_port()[1]
    finally:
        running.stop()


def storage_at(port: int, bucket: str = BUCKET, **options: Any) -> dict[str, Any]:
    """Return the setting that puts media into a bucket of the server."""
    return {
        "BACKEND": "editorapp.media.backends.s3.MediaStorage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": f"http://127.0.0.1:{port}",
            "region_name": "us-east-1",
            **CREDENTIALS,
            **options,
        },
    }


def environment_at(port: int, bucket: str = BUCKET) -> dict[str, str]:
    """Return the same for a process, as the README names the variables."""
    return {
        "RUSHES_S3_BUCKET": bucket,
        "RUSHES_S3_ENDPOINT": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": CREDENTIALS["access_key"],
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS["secret_key"],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")  # nothing here asks a cloud for keys
