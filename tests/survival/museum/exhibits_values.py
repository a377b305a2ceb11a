"""Exhibits: values that are not what the source said."""

from __future__ import annotations

from tests.survival.museum import checks_values as values
from tests.survival.museum.mutant import Edit, Mutant

VALUES, XERO = "include.values", "include.connectors.xero"

EXHIBITS = (
    Mutant(
        "money is a float",
        "PNixx/clickhouse-activerecord#129: 95891.74 arrives as 95891.74000000001",
        values.a_float_is_no_amount,
        (
            Edit("include.money:_scaled", "not isinstance(amount, Decimal) or not amount.is_finite()", "False"),
            Edit("include.money:_scaled", "amount.scaleb(digits)", "round(Decimal(amount) * 10**digits)"),
            Edit(
                "include.money:_scaled",
                "scaled != scaled.to_integral_value() or abs(scaled) > LARGEST or scaled.scaleb(-digits) != amount",
                "False",
            ),
        ),
    ),
    Mutant(
        "amounts pass through a float on their way in",
        "ruby/json#219: decimals of a JSON answer become floats, and digits are lost",
        values.an_amount_is_read_exactly,
        (
            Edit(
                "include.exact_json:decode",
                "_DECODER.decode(body)",
                "json.loads(body)",
            ),
        ),
    ),
    Mutant(
        "every currency has cents",
        "Paymenter/Paymenter#1258: yen are multiplied by a hundred like euros",
        values.each_currency_has_its_own_decimals,
        (Edit("include.money:minor_units", "exponent(currency) if isinstance(currency, str) else None", "2"),),
    ),
    Mutant(
        "fractions of a cent are rounded away",
        "plaintextaccounting/hledger#1196: amounts are cut to a fixed number of decimals on the way out",
        values.a_fraction_of_a_cent_is_not_rounded_away,
        (
            Edit(
                "include.money:_scaled",
                "scaled = amount.scaleb(digits)",
                "scaled = round(amount, digits).scaleb(digits)",
            ),
            Edit(
                "include.money:_scaled",
                "scaled != scaled.to_integral_value() or abs(scaled) > LARGEST or scaled.scaleb(-digits) != amount",
                "abs(scaled) > LARGEST",
            ),
        ),
    ),
    Mutant(
        "NaN is written as JSON",
        "langflow-ai/langflow#11905: one NaN in a JSON column, and PostgreSQL refuses the whole batch",
        values.what_is_no_number_is_no_json,
        (
            Edit(
                f"{VALUES}:_json",
                "json.dumps(value, sort_keys=True, ensure_ascii=False, default=str, allow_nan=False)",
                "json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)",
            ),
        ),
    ),
    Mutant(
        "a big number meets a small column",
        "mergestat/mergestat#1167: an id beyond 32 bits stops the import",
        values.a_number_beyond_32_bits_is_refused_for_both_databases,
        (Edit(f"{VALUES}:_integer", "abs(value) > LARGEST_INTEGER", "False"),),
    ),
    Mutant(
        "an unknown status is taken for the first known one",
        "XeroAPI/Xero-NetStandard#190: a payment type that the enumeration lacks arrives as its zero",
        values.an_unknown_status_is_refused,
        (Edit(f"{VALUES}:_choice", "raise ValueError('unknown_value')", "return column.choices[0]"),),
    ),
    Mutant(
        "a text is made a number",
        "microsoft/Partner-Center-Java#47: a field is typed as a number although it holds text",
        values.a_number_that_became_a_text_is_refused,
        (
            Edit(f"{VALUES}:_integer", "isinstance(value, bool) or not isinstance(value, int)", "False"),
            Edit(f"{VALUES}:_integer", "return value", "return int(value)"),
            Edit(f"{VALUES}:_integer", "abs(value) > LARGEST_INTEGER", "False"),
        ),
    ),
    Mutant(
        "a number is made a text",
        "airbytehq/airbyte#11279: a changed type is noticed only where the destination chokes on it",
        values.a_text_that_became_a_number_is_refused,
        (
            Edit(f"{VALUES}:_text", "not isinstance(value, str)", "False"),
            Edit(f"{VALUES}:_text", "_indexable(value) if column.name == 'number' else _sound(value)", "str(value)"),
        ),
    ),
    Mutant(
        "the text false is true",
        "airbytehq/airbyte#20030: values that are not of the declared type pass unseen",
        values.a_flag_that_became_a_text_is_refused,
        (
            Edit(f"{VALUES}:_flag", "not isinstance(value, bool)", "False"),
            Edit(f"{VALUES}:_flag", "return value", "return bool(value)"),
        ),
    ),
    Mutant(
        "a time without a zone is taken for ours",
        "anelendata/tap-rest-api#38: naive local times shift the window on hosts that are not in UTC",
        values.a_time_without_a_zone_is_refused,
        (
            Edit(
                f"{VALUES}:_timestamp",
                "not isinstance(value, datetime) or value.tzinfo is None",
                "not isinstance(value, datetime)",
            ),
        ),
    ),
    Mutant(
        "local times are stored as if they were UTC",
        "duplicati/duplicati#2857: in the hour that comes twice, two moments get one timestamp",
        values.the_hour_that_comes_twice_is_two_hours,
        (
            Edit(
                "include.warehouse.types:UtcTimestamp.process_bind_param",
                "value.astimezone(UTC)",
                "value.replace(tzinfo=UTC)",
            ),
        ),
    ),
    Mutant(
        "what is missing is the text None",
        "pandas-dev/pandas#39860: fields that are not there become the text NaN, which is not null",
        values.a_text_that_is_missing_stays_missing,
        (
            Edit(
                "include.normalize:_frame",
                "columns.get(column.name) or [None] * length",
                "[str(v) if column.kind is Kind.TEXT else v for v in columns.get(column.name) or [None] * length]",
            ),
        ),
    ),
    Mutant(
        "one bad record stops all others",
        "Sohex/musefs#420: a malformed record aborts the whole batch instead of being set aside",
        values.a_bad_record_stops_no_other_and_is_not_forgotten,
        (
            Edit(
                "include.normalize:typed",
                "[owner not in rejects for owner in owners[name]]",
                "[not rejects for owner in owners[name]]",
            ),
        ),
    ),
    Mutant(
        "a bad record disappears",
        "airbytehq/airbyte#76320: what does not fit is left out with a warning, and the sync reports success",
        values.a_bad_record_stops_no_other_and_is_not_forgotten,
        (
            Edit(
                "include.normalize:_page",
                "rejects += [(reject, came[latest[reject.key][1]] if reject.key in latest else None)"
                " for reject in bad]",
                "bad = []",
            ),
        ),
    ),
    Mutant(
        "a reject tells what stood there",
        "Worklytics/psoxy#1399: an error of the source is passed on with the personal data it quotes",
        values.a_reject_names_the_column_and_no_person,
        (
            Edit(
                "include.normalize:_reject",
                "SENTENCES[reason].format(column=name)",
                "f'{SENTENCES[reason].format(column=name)}: {_cell((table, *place[1:]), column.name)}'",
            ),
        ),
    ),
    Mutant(
        "a reject shows whatever stood where the currency stands",
        "2witstudios/PageSpace#970: raw values of people's fields reach what others read",
        values.a_reject_shows_no_currency_that_may_be_a_person,
        (Edit("include.normalized_files:_reject_frame", "_code(reject.currency)", "reject.currency"),),
    ),
    Mutant(
        "a page that is not full is the last",
        "singer-io/tap-mambu#11: fewer records than the limit end the paging although there are more pages",
        values.a_page_that_is_not_full_is_not_the_last,
        (Edit(f"{XERO}.client:Reply.is_last", "self.page >= self.page_count", "len(self.rows) < 100"),),
    ),
    Mutant(
        "a day is read as UTC",
        "XeroAPI/xero-php-oauth2#294: the day of a payment becomes the day before, by the server's zone",
        values.a_day_is_the_organizations_own,
        (
            Edit(
                f"{XERO}.wire:written_day",
                "(EPOCH + timedelta(milliseconds=int(found[1])) + _offset(found[2])).date()",
                "(EPOCH + timedelta(milliseconds=int(found[1]))).date()",
            ),
        ),
    ),
    Mutant(
        "history begins on the server's day",
        "XeroAPI/xero-mcp-server#236: UTC's date stands for the organisation's own, which is wrong around midnight",
        values.history_begins_on_the_organizations_own_day,
        (
            Edit(
                "include.extract:history_from",
                "bound_at.astimezone(ZoneInfo(organization.timezone)).date()",
                "bound_at.date()",
            ),
        ),
    ),
    Mutant(
        "a run is about UTC's day",
        "kirillDR01/Grins_irrigation_platform#169: in the evening an invoice that is due today is past due already",
        values.a_run_is_about_the_organizations_own_day,
        (
            Edit(
                "include.run:Run.open",
                "started_at.astimezone(ZoneInfo(organization.timezone)).date()",
                "started_at.date()",
            ),
        ),
    ),
    Mutant(
        "a debt is overdue on its last day",
        "team-monite/monite-sdk#281: invoices that are due today are shown as overdue",
        values.a_debt_is_overdue_on_the_day_after_it_was_due,
        (Edit("include.warehouse.snapshots:_installments", "parts.c.due_date < as_of", "parts.c.due_date <= as_of"),),
    ),
)
