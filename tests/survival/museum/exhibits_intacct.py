"""Exhibits: what Sage Intacct hides unless it is asked for, tells late, or tells in another way than one thinks."""

from __future__ import annotations

from tests.survival.museum import checks_intacct as intacct
from tests.survival.museum.mutant import Edit, Mutant

INTACCT = "include.connectors.intacct"

EXHIBITS = (
    Mutant(
        "records that belong to an entity are not asked for",
        "intacct/intacct-sdk-net#137: a list of payments comes without those of the entities, and says nothing of it",
        intacct.what_belongs_to_an_entity_is_read,
        (
            Edit(f"{INTACCT}.rest:Rest.query", "{'includePrivate': True}", "{'includePrivate': False}"),
            Edit(f"{INTACCT}.gateway:Gateway.query", "{'showprivate': 'true'}", "{'showprivate': 'false'}"),
        ),
    ),
    Mutant(
        "what never changed is no change",
        "PostHog/posthog#76090: the filter on updated_at leaves out what never had one, in every sync",
        intacct.what_never_changed_is_news_once,
        (
            Edit(
                f"{INTACCT}.touched:changed_since",
                "either(Is(MODIFIED, '$gte', moment), Both((Is(MODIFIED, '$eq', None), Is(CREATED, '$gte', moment))))",
                "Is(MODIFIED, '$gte', moment)",
            ),
        ),
    ),
    Mutant(
        "a deletion waits for the audit trail",
        "estuary/connectors#2889: the trail of deletions is as late as every list, so it is read again later",
        intacct.what_was_made_anew_leaves_no_twin_behind_for_a_night,
        (Edit(f"{INTACCT}:Intacct.deletions", "sorted(missing)", "()"),),
    ),
    Mutant(
        "a trail that names records otherwise is taken at its word",
        "estuary/connectors#5217: a deletion is named by the object's own id, or by its number with a suffix",
        intacct.a_deletion_that_is_named_with_a_suffix_is_one,
        (
            Edit(
                f"{INTACCT}.deleted:_number",
                "str(row.get('changeDetails.objectId')).removesuffix(SUFFIX)",
                "str(row.get('changeDetails.objectId'))",
            ),
        ),
    ),
    Mutant(
        "a full page is believed to be the last",
        "datahub-project/datahub#15427: a page that is full ends the list, because nothing says that more follows",
        intacct.a_full_page_is_not_the_last_because_it_says_so,
        (
            Edit(
                f"{INTACCT}.transport:page",
                "replace(reply, is_last=reply.is_last and (not 0 < reply.size <= len(reply.rows)))",
                "reply",
            ),
        ),
    ),
    Mutant(
        "what is left is the difference of rounded totals",
        "smartstore/SmartStoreNET#1566: a net amount made of two rounded ones is a cent away from what was agreed",
        intacct.what_is_left_of_a_deposit_is_not_made_of_rounded_totals,
        (Edit(f"{INTACCT}.objects:_as_payment", "row[BASE_LEFT] if paid in (0, total) else None", "row[BASE_LEFT]"),),
    ),
)
