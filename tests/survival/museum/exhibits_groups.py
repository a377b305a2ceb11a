"""Exhibits: what changes in the systems of groups without a trace on the record, and a failure that looks passed."""

from __future__ import annotations

from tests.survival.museum import checks_groups as groups
from tests.survival.museum.mutant import Edit, Mutant

EXHIBITS = (
    Mutant(
        "who was merged away keeps the documents that nothing stamps",
        "margince/margince#5743: after a merge of two companies the next sync has the invoices at the retired one",
        groups.what_merged_customers_have_is_read_again_although_nothing_stamps_it,
        (
            Edit(
                "include.connectors.netsuite.pages:Reader.moved",
                "yield from ((name, f\"{row['type']}:{row['id']}\") for row in rows)",
                "yield from ()",
            ),
        ),
    ),
    Mutant(
        "a parent that does not change keeps the children that are gone",
        "faucet-hq/faucet-stream#478: what was taken off a contact stays for ever, as only what changed is fetched",
        groups.a_contact_that_left_its_customer_without_a_trace_is_gone,
        (Edit("include.sweep:lacking", "read.stream.reread", "False"),),
    ),
    Mutant(
        "the body of a failed call is read as its answer",
        "tezos-reward-distributor-organization/tezos-reward-distributor#597: what came with a 500 is the result",
        groups.a_call_that_failed_is_no_answer_although_it_goes_well_the_second_time,
        (
            Edit(
                "include.connectors.odoo.jsonrpc:_error",
                "'error' not in reply.result",
                "not reply.result.get('error', {}).get('data')",
            ),
        ),
    ),
)
