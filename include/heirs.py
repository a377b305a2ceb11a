"""Who a merged customer is now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def survivors(customers: Iterable[str], heirs: Mapping[str, str | None]) -> set[str]:
    """Return who these customers are now: closed documents may still name one that was merged into another.

    Args:
        heirs: customer → the one it was merged into, if any.
    """
    found = set()
    for customer in customers:
        passed = {customer}
        while (heir := heirs.get(customer)) and heir not in passed:
            customer = heir
            passed.add(heir)
        found.add(customer)
    return found
