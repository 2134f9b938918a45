"""What the identity provider said, as Streamlit keeps it: one sign-in is one answer, however its cookie is spelt."""

import json
import string

import pytest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from core.ui.sign_in import identity

CLAIMS = {"iss": "https://id", "sub": "7", "iat": 1790000000, "is_logged_in": True, "name": "王芳"}


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "get_cookie_secret", lambda: "x" * 32)


def cookie(claims: dict[str, object]) -> str:
    return create_signed_value("x" * 32, USER_COOKIE_NAME, json.dumps(claims)).decode()


def answer(spelling: str) -> str | None:
    said = identity.identity_claims({USER_COOKIE_NAME: spelling})
    return said[1] if said else None


def test_a_cookie_that_is_spelt_otherwise_is_the_same_sign_in() -> None:
    signed = cookie(CLAIMS)
    # The last character of a signature in base64 has bits that nobody looks at.
    spellings = {signed[:-1] + letter for letter in string.ascii_letters + string.digits + "-_"} | {signed + "="}
    answers = [said for spelling in sorted(spellings) if (said := answer(spelling)) is not None]
    assert len(answers) > 1 and len(set(answers)) == 1
    assert answer(cookie(dict(reversed(CLAIMS.items())))) == answers[0]


def test_another_sign_in_of_the_same_person_is_another_answer() -> None:
    assert answer(cookie(CLAIMS)) != answer(cookie(CLAIMS | {"iat": 1790000001}))


def test_what_nobody_signed_says_nothing() -> None:
    assert answer(cookie(CLAIMS)[:-4] + "aaaa") is None and answer("") is None
    assert answer(cookie({"sub": "7"})) is None
