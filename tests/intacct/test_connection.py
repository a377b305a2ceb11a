"""What can be wrong with a connection to Sage Intacct, and what the person who reads the error is told."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from include.connectors.base import Connection, Window
from include.connectors.intacct import Intacct
from include.errors import ConfigurationError, GreenlightError, MissingRights, SourceUnavailable
from include.sandbox.intacct.documents import current, is_order_entry
from include.sandbox.intacct.server import serve
from include.sandbox.intacct.settings import Settings, User
from include.sandbox.ledger import Ledger
from include.sandbox.records import Kind
from tests.intacct.conftest import TRANSPORTS, Running, Transport

EVERYTHING = Window(history_from=date(2000, 1, 1))
OF_INVOICES = {"rest": "query", "gateway": "ARINVOICE"}
both = pytest.mark.parametrize("transport", TRANSPORTS)


@contextmanager
def sandbox(transport: Transport, settings: Settings | None = None, **changes: Any) -> Iterator[Running]:
    """A sandbox of the test's own, with two entities."""
    ledger = Ledger(invoices=40, customers=20, entities=2)
    with serve(ledger, settings) as server:
        yield Running(server, ledger, transport, **changes)


def read(connector: Intacct, stream: str = "invoices") -> int:
    return sum(len(page.items) for page in connector.read(connector.stream(stream), EVERYTHING))


def error(connector: Intacct, ask: Callable[[Intacct], Any] = Intacct.check) -> GreenlightError:
    with pytest.raises(GreenlightError) as caught:
        ask(connector)
    told = "".join(traceback.format_exception(caught.value))
    connection = connector.connection
    secrets = [connection.password, str(connection.extra.get("sender_password") or "no sender")]
    assert not any(secret in told for secret in secrets) and caught.value.next_step
    return caught.value


@both
def test_check_says_for_whom(transport: Transport) -> None:
    with sandbox(transport) as own:
        said = own.connector().check()
        assert said.startswith("signed in to acme as reader, sees E100 (") and "E200 (" in said


@pytest.mark.parametrize("how", ["forbidden", "forbidden_without_errorno"])
def test_check_says_that_deletions_are_found_without_the_audit_trail(how: Any) -> None:
    with sandbox("gateway", Settings(audit_history=how)) as own:
        connector = own.connector()
        assert "audit trail may not be read" in connector.check()
        assert [*connector.deletions(datetime(2026, 1, 1, tzinfo=UTC))] == []


@both
def test_deleted_drafts_and_re_created_invoices_are_listed_as_deletions(transport: Transport) -> None:
    with sandbox(transport) as own:
        source, settings = own.server.face.views.now().source, own.server.face.settings
        books = own.ledger.entity(0)
        invoice = next(i for i in books.kinds(Kind.INVOICE) if i.outstanding and is_order_entry(i, settings))
        old = source.record(*current(books, invoice, settings)[0])
        before = own.ledger.now
        with own.ledger.lock:
            books.touch(invoice, before + timedelta(minutes=1))
            own.ledger.now += timedelta(hours=5)
        assert ("invoices", f"invoice:{old}") in [*own.connector().deletions(before)]


@both
def test_documents_of_the_top_level_that_nobody_owns_are_counted_by_check_and_keep_the_gate_shut(
    transport: Transport,
) -> None:
    with sandbox(transport, owner="") as own:
        assert "documents of the top level belong to no organization" in own.connector().check()
        said = own.connector(entity="E200").control_figures(date(2026, 6, 30), date(2000, 1, 1))
        assert "top_level_entity" in said.unanswered["closed_world"]
    with sandbox(transport, owner="E100") as own:
        assert not own.connector(entity="E200").control_figures(date(2026, 6, 30), date(2000, 1, 1)).unanswered


@both
def test_missing_permissions_are_all_named(transport: Transport) -> None:
    denied = frozenset({"accounts-receivable/advance", "company-config/contact"})
    with sandbox(transport, Settings(user=User(denied=denied))) as own:
        found = error(own.connector())
        assert isinstance(found, MissingRights)
        assert "Advances" in str(found) and "Contacts" in str(found) and "Invoices" not in str(found)
        assert isinstance(error(own.connector(), lambda c: read(c, "advances")), MissingRights)
        assert read(own.connector()), "the others go on"


@both
def test_a_wrong_company(transport: Transport) -> None:
    with sandbox(transport) as own:
        extra = {"username": "reader@nobody"} if transport == "rest" else {"company_id": "nobody"}
        found = error(own.connector(own.connection(id="elsewhere", extra=extra)))
        assert isinstance(found, ConfigurationError) and not isinstance(found, MissingRights)


@both
def test_an_unknown_and_a_closed_entity_and_the_others_unharmed(transport: Transport) -> None:
    with sandbox(transport) as own:
        unknown = error(own.connector(entity="E900"), read)
        assert isinstance(unknown, ConfigurationError) and "E100" in unknown.next_step
        own.server.face.company.close("E200")
        closed = error(own.connector(entity="E200"), read)
        assert isinstance(closed, ConfigurationError) and "closed" in str(closed)
        assert [entity.id for entity in own.connector().entities()] == ["E100"] and read(own.connector(entity="E100"))


@both
def test_several_entities_and_none_named(transport: Transport) -> None:
    with sandbox(transport) as own:
        found = error(own.connector(entity=""), read)
        assert isinstance(found, ConfigurationError) and "none was named" in str(found)


@both
def test_a_top_level_owner_that_is_no_entity(transport: Transport) -> None:
    with sandbox(transport, owner="E7") as own:
        assert "top_level_entity" in str(error(own.connector(), read))


def test_a_sender_that_the_company_has_not_authorised() -> None:
    with sandbox("gateway", Settings(sender_is_authorised=False)) as own:
        found = error(own.connector())
        assert isinstance(found, ConfigurationError) and "Web Services authorizations" in found.next_step


def test_a_session_that_is_over_is_renewed() -> None:
    with sandbox("gateway") as own:
        connector = own.connector()
        whole = read(connector)
        own.server.face.sessions.close_all()
        opened = own.server.face.sessions.opened
        assert read(connector) == whole and own.server.face.sessions.opened > opened


@pytest.mark.parametrize("status", [400, 401])
def test_a_token_that_is_over_is_renewed(status: int) -> None:
    with sandbox("rest", Settings(expired_token=status)) as own:  # type: ignore[arg-type]
        connector = own.connector()
        whole = read(connector)
        own.server.fault("expired", path="query")
        assert read(connector) == whole


@both
def test_a_sign_in_that_was_revoked(transport: Transport) -> None:
    with sandbox(transport) as own:
        connector = own.connector()
        assert read(connector)
        own.server.face.revoke_all()
        assert isinstance(error(connector, read), ConfigurationError)


@both
@pytest.mark.parametrize("fault", ["concurrent", "500", "503", "reset"])
def test_what_passes_is_asked_again(transport: Transport, fault: str) -> None:
    with sandbox(transport) as own:
        connector = own.connector()
        whole = read(connector)
        own.server.fault(fault, path=OF_INVOICES[transport], seconds=1)
        assert read(connector) == whole


@both
@pytest.mark.parametrize("fault", ["html", "cut"])
def test_what_is_no_answer_is_waited_for(transport: Transport, fault: str) -> None:
    with sandbox(transport) as own:
        own.server.fault(fault, path=OF_INVOICES[transport], times=9)
        assert isinstance(error(own.connector(), read), SourceUnavailable)


@both
@pytest.mark.parametrize("fault", ["dropped_page", "shuffled"])
def test_a_page_that_lacks_records_or_comes_in_another_order_is_no_page(transport: Transport, fault: str) -> None:
    with sandbox(transport, number=1) as own:
        own.server.fault(fault, entity="E200", path=OF_INVOICES[transport], times=3)
        assert isinstance(error(own.connector(own.connection(extra={"page_size": 7})), read), SourceUnavailable)


def test_a_gateway_that_says_in_a_reply_that_it_is_busy() -> None:
    with sandbox("gateway", Settings(gateway_limit="text")) as own:
        connector = own.connector()
        read(connector)
        own.server.fault("minute", path="ARINVOICE", seconds=1)
        found = error(connector, read)
        assert isinstance(found, SourceUnavailable) and found.retry_after


@pytest.mark.parametrize(
    "extra",
    [{}, {"username": "reader"}, {"username": "reader@acme", "sender_id": "x"}, {"sender_id": "x"},
     {"username": "r@a", "page_size": 0}, {"username": "r@a", "page_size": 2001},
     {"username": "r@a", "compare_aging": "perhaps"}, {"username": "r@a", "rate_basis": "sideways"},
     {"username": 7}],
)  # fmt: skip
def test_a_setting_that_cannot_be(extra: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Intacct(Connection("intacct", "", "id", "secret", extra))
    assert caught.value.next_step


def test_without_a_host_it_is_the_vendors_own() -> None:
    connector = Intacct(Connection("intacct", "", "id", "secret", {"username": "reader@acme"}))
    http = connector._transport.http  # type: ignore[attr-defined]
    assert http.base_url == "https://api.intacct.com"
    assert connector._transport.bearer.oauth.token_url == "https://api.intacct.com/ia/api/v1/oauth2/token"  # type: ignore[attr-defined]
