"""A line says what it is about, and never a secret: neither one that we know nor what looks like
one.
"""

import base64
import json
import logging
import sys

import pytest

from editorapp.core import logs
from editorapp.core.logs import HIDDEN, LogFormatter, Secrets

KEY = "luma-key-5f1c0b7d2e"
BASIC = base64.b64encode(KEY.encode()).decode()


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("here", logging.INFO, "file.py", 1, message, args, None)
    made.__dict__.update(extra)
    return made


def as_json(made: logging.LogRecord) -> dict:
    line = LogFormatter("json").format(made)
    assert "\n" not in line
    return json.loads(line)


def test_a_json_line_names_the_request_and_the_attempt_it_belongs_to():
    with logs.request("request-12345"), logs.about(12, 34, 5):
        inside = as_json(record("%s -> %s", "queued", "running", fields={"status": 500}))
    outside = as_json(record("Nothing."))

    assert inside["message"] == "queued -> running"
    wanted = {
        "request": "request-12345",
        "generation": 12,
        "attempt": 34,
        "account": 5,
        "status": 500,
    }
    assert inside.items() >= wanted.items()
    assert not outside.keys() & wanted.keys()


def test_a_line_for_a_terminal_says_the_same_on_one_line():
    with logs.request("request-12345"), logs.about(12, 34, 5):
        line = LogFormatter("text").format(record("Fetched."))

    assert line.endswith(
        "INFO here Fetched. [request=request-12345 generation=12 attempt=34 account=5]"
    )


def test_a_traceback_is_part_of_its_line():
    try:
        raise ValueError("It broke at https://bucket/clip.mp4?X-Amz-Signature=abcdef")
    except ValueError:
        made = record("Failed.", exc_info=sys.exc_info())

    said = as_json(made)

    assert "ValueError: It broke at https://bucket/clip.mp4" in said["exception"]
    assert "abcdef" not in said["exception"]


def test_a_line_with_the_wrong_number_of_arguments_is_not_lost():
    assert "%s and %s" in as_json(record("%s and %s", "one"))["message"]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Authorization: Bearer {KEY}", KEY),
        (f"{{'Authorization': 'Basic {BASIC}'}}", BASIC),
        (f"(b'authorization', b'Bearer {KEY}')", KEY),
        ("GET https://s3.example/clip.mp4?X-Amz-Signature=0a1b2c3d&x=1 -> 200", "0a1b2c3d"),
        ("GET /clip.mp4?X-Amz-Credential=AKIA0/now&token=f00 -> 200", "AKIA0"),
        ("postgres://rushes:p4ssw0rd@db/rushes does not answer", "p4ssw0rd"),
        (
            "Not Found: /in/7NcZyYQ3b0V1cQ8WwU2b7tJ1nZr0Yh5m9kQ2sXv4aBc",
            "7NcZyYQ3b0V1cQ8WwU2b7tJ1nZr0Yh5m9kQ2sXv4aBc",
        ),
        (
            "GET /in/7NcZyYQ3b0V1cQ8WwU2b7tJ1nZr0Yh5m9kQ2sXv4aBc: slow",
            "7NcZyYQ3b0V1cQ8WwU2b7tJ1nZr0Yh5m9kQ2sXv4aBc",
        ),
        ("DETAIL:  Failing row contains (1, rainy neon evening, {\n 2).", "neon"),
    ],
)
@pytest.mark.parametrize("kind", ["json", "text"])
def test_what_looks_like_a_secret_is_hidden_wherever_it_stands(kind, text, secret):
    for made in (record(text), record("It says: %s", text), record("", fields={"why": text})):
        line = LogFormatter(kind).format(made)
        assert secret not in line and HIDDEN in line


@pytest.mark.parametrize(
    "text",
    [
        "POST /v1/generations -> 201 in 412 ms [0b9d1c52-7a3e-4c4e-8f0a-2b1c3d4e5f60]",
        "media/ab/" + "0a" * 32 + ".mp4 is gone",
        "Not Found: /takes/12/",
        "A basic rendering needs a bearer of news",
    ],
)
def test_what_is_no_secret_is_left_as_it_is(text):
    assert Secrets().without(text) == text


def test_a_key_that_is_known_is_hidden_in_every_form_it_travels_in():
    known = Secrets()
    known.hide("api-identity:api-secret-7731")

    basic = base64.b64encode(b"api-identity:api-secret-7731").decode()
    for form in ("api-identity:api-secret-7731", "api-secret-7731", basic):
        assert known.without(f"it is {form}!") == f"it is {HIDDEN}!"


def test_a_short_value_under_a_secrets_name_does_not_shred_the_log():
    known = Secrets()
    known.hide("no")

    assert known.without("There is no notice.") == "There is no notice."


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "with space in it", "line\nbreak-here", "<script>alert"]
)
def test_a_request_id_that_does_not_look_like_one_is_replaced(given):
    assert logs.clean_request_id(given) != given
    assert logs.REQUEST_ID.fullmatch(logs.clean_request_id(given))


def test_a_request_id_from_a_proxy_is_kept():
    assert logs.clean_request_id("proxy.1234-abcd") == "proxy.1234-abcd"


@pytest.mark.parametrize("kind", ["json", "text"])
def test_half_a_character_that_somebody_answered_loses_no_line(kind):
    line = LogFormatter(kind).format(record("job %s", "a\ud83d"))

    assert "job a?" in line.encode().decode()
