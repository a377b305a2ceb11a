"""Lines of invoices: one for each thing sold, its tax added."""

from __future__ import annotations

from collections.abc import Iterator

from include.sandbox.intacct.documents import Form, changed_at, current, form, is_gone
from include.sandbox.intacct.invoices import FORMS
from include.sandbox.intacct.objects import Row
from include.sandbox.intacct.source import Source, Values, numbered, stamps


def invoice_lines(source: Source) -> Iterator[Row]:
    """Yield the lines of every invoice that there is; a reversal has none."""
    for books, document in source.company.documents():
        kind = form(document, source.settings)
        if kind not in FORMS or is_gone(document):
            continue
        sign = 1 if kind is Form.INVOICE else -1
        name, created = current(books, document, source.settings)
        _, owner = source.whose(books, document.party)
        for number, line in enumerate(document.lines, 1):
            net = sign * line.net
            values: Values = numbered(source.numbers["line"].of((*name, line.id)))
            values |= stamps(created, changed_at(books, document, source.settings)) | {
                "invoice.key": source.record(*name), "txnAmount": net, "totalTxnAmount": net + sign * line.tax,
                "baseAmount": books.in_base(net, document.rate), "memo": line.description, "lineNumber": number,
                "currency.baseCurrency": books.entity.currency, "currency.txnCurrency": document.currency,
            }  # fmt: skip
            yield Row(values, owner)
