"""The token endpoint: client credentials with a user of the company, and refresh tokens."""

from __future__ import annotations

import hmac
import json
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from include.sandbox.intacct.company import TOP, Company
from include.sandbox.intacct.grants import Grant, Grants
from include.sandbox.intacct.problems import gateway_error
from include.sandbox.intacct.settings import Settings


class Tokens:
    """Answers `POST /oauth2/token`, whose body is a form or JSON."""

    def __init__(self, company: Company, settings: Settings, grants: Grants) -> None:
        self._company, self._settings, self._grants = company, settings, grants

    async def token(self, request: Request) -> Response:
        """Exchange credentials or a refresh token."""
        form = _form(await request.body(), request.headers.get("Content-Type", ""))
        if not form:
            return gateway_error(400, 35, "Missing Token Payload")
        if not form.get("client_id"):
            return gateway_error(400, 37, "Missing Client ID")
        if not self._is_app(form) or self._grants.closed:
            return gateway_error(401, 11, "Invalid Request")
        match form.get("grant_type"):
            case "client_credentials":
                grant = self._of_user(form.get("username", ""))
            case "refresh_token":
                grant = self._grants.of_refresh(form.get("refresh_token", "")) or gateway_error(
                    401, 31, "Invalid Token"
                )
            case _:
                grant = gateway_error(400, 32, "Invalid Token Payload")
        return self._issued(grant) if isinstance(grant, Grant) else grant

    def _issued(self, grant: Grant) -> Response:
        access, refresh = self._grants.issue(grant)
        said = {
            "token_type": "Bearer", "access_token": access, "refresh_token": refresh,
            "expires_in": self._settings.access_lifetime,
        }  # fmt: skip
        return JSONResponse(said, headers={"Cache-Control": "no-store"})

    def _of_user(self, username: str) -> Grant | Response:
        """Return a grant for `user@company|entity`."""
        if not username:
            return gateway_error(400, 36, "Missing User Name")
        user, at, place = username.partition("@")
        company, _, entity = place.partition("|")
        if not at or not company:
            return gateway_error(400, 12, "Missing Tenant Data")
        if company != self._settings.company or user != self._settings.user.id:
            return gateway_error(401, 11, "Invalid Request")
        if not may_enter(self._company, entity):
            return gateway_error(400, 11, f"Invalid Request: entity {entity or 'top level'} is not available")
        return self._grants.open(entity)

    def _is_app(self, form: dict[str, str]) -> bool:
        app = self._settings.app
        assert app, "the server has registered one"
        return form["client_id"] == app.client_id and hmac.compare_digest(
            app.client_secret.encode(), form.get("client_secret", "").encode()
        )


def may_enter(company: Company, entity: str) -> bool:
    """Whether an entity is there, active, and one that the user may enter; a user of entities not the top level."""
    allowed = company.settings.user.entities
    if entity == TOP:
        return not allowed
    return entity in company.entities and entity not in company.closed and (not allowed or entity in allowed)


def _form(body: bytes, content_type: str) -> dict[str, str]:
    text = body.decode("utf-8", "replace")
    if "json" not in content_type:
        return dict(parse_qsl(text, keep_blank_values=True))
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in said.items()} if isinstance(said, dict) else {}
