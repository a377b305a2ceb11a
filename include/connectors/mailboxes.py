"""What can be told of an e-mail address without asking anybody."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email


def is_valid(email: str) -> bool:
    """Judge the form alone: reserved names such as example.com are fine, no server is asked."""
    try:
        validate_email(email, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return True
