"""Where the sandbox's people and companies are: entities, names of many scripts, currencies and their rates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Place:
    """A town with what is usual there: line of address, names, endings of companies."""

    country: str
    city: str
    postal_code: str
    region: str
    street: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    ending: str


ENTITIES = (  # name, country, base currency, time zone, usual rate of sales tax
    ("Kōwhai Supplies", "NZ", "NZD", "Pacific/Auckland", "0.15"),
    ("Brannigan & Daughters", "GB", "GBP", "Europe/London", "0.20"),
    ("Hudson Instruments", "US", "USD", "America/New_York", "0.07"),
    ("Wattle Creek Dairy", "AU", "AUD", "Australia/Sydney", "0.10"),
    ("Grünwald Söhne", "DE", "EUR", "Europe/Berlin", "0.19"),
    ("Aoyama Paper", "JP", "JPY", "Asia/Tokyo", "0.10"),
)

PLACES = (
    Place(
        "New Zealand", "Wellington", "6011", "Wellington", "Cuba Street",
        ("Aroha", "Liam", "Mere"), ("Ngata", "Walker", "Hēnare"), "Ltd",
    ),
    Place(
        "United Kingdom", "Leeds", "LS1 4AP", "", "Wellington Street",
        ("Olive", "Rhys", "Siân"), ("O'Neill", "Smythe-Jones", "Gwyn"), "plc",
    ),
    Place(
        "Germany", "Köln", "50667", "NW", "Große Sandkaul",
        ("Jürgen", "Käthe", "Ayşe"), ("Müller", "Weiß", "Öztürk"), "GmbH",
    ),
    Place(
        "Japan", "東京", "100-0005", "東京都", "丸の内",
        ("花子", "太郎", "結衣"), ("佐藤", "鈴木", "高橋"), "株式会社",
    ),
    Place(
        "Kuwait", "Kuwait City", "13001", "", "شارع فهد السالم",
        ("نورة", "أحمد", "فهد"), ("الصباح", "العنزي", "الرشيد"), "W.L.L.",
    ),
    Place(
        "Poland", "Łódź", "90-001", "", "ul. Piotrkowska",
        ("Zażółć", "Bożena", "Łukasz"), ("Gęślicki", "Wójcik", "Dąbrowska"), "S.A.",
    ),
    Place(
        "Greece", "Αθήνα", "105 57", "", "Ερμού",
        ("Ελένη", "Νίκος", "Zoë"), ("Παππάς", "Ιωάννου", "Nikolaïdis"), "Α.Ε.",
    ),
    Place(
        "United States", "Bend", "97701", "OR", "Wall Street",
        ("Renée", "Tyler", "D'Angelo"), ("Peña", "Van der Berg", "Li"), "Inc.",
    ),
)  # fmt: skip

TRADES = (
    "Fasteners", "Bakery 🥐", "Möbel", "Optics", "Freight & Forwarding", "Seafood", "Ateliers", "Textiles", "Motors",
    "Printing <Press>", "Gardens", "Instruments", "Ceramics", "Books", "Tea \"No. 5\"", "Timber",
)  # fmt: skip
GOODS = (
    "Consulting, day", "Oak board 40 mm", "Werkzeugkoffer", "Annual licence", "紙 A4 500枚", "Freight",
    "Repair & maintenance", "Café beans 1 kg", "Spare part № 7", "Training <remote>",
)  # fmt: skip

PER_EURO = {
    "EUR": 1.0, "USD": 1.09, "GBP": 0.855, "NZD": 1.79, "AUD": 1.65, "JPY": 163.2, "KWD": 0.3351, "BHD": 0.4109,
    "PLN": 4.28, "CHF": 0.957,
}  # fmt: skip
CURRENCIES = tuple(PER_EURO)


def rate(currency: str, base: str, day: date) -> Decimal:
    """Return how many units of the currency one unit of the base cost on a day, with six decimals."""
    if currency == base:
        return Decimal("1.000000")
    drift = 1 + 0.03 * math.sin(day.toordinal() / 40 + len(currency + base) + ord(currency[0]))
    return Decimal(f"{PER_EURO[currency] / PER_EURO[base] * drift:.6f}")
