"""What can be wrong in the business, in families. `web.errors` turns each family into a page with its status."""


class DomainError(Exception):
    """Something that the person in front of the screen should hear, in words meant for them."""

    message = "That is not possible."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)
        self.message = message or self.message


class InvalidInputError(DomainError):
    """What was sent does not make sense; `field` names the form field it belongs to, where there is one. 400."""

    message = "Please check what you entered."

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotFoundError(DomainError):
    """It does not exist, or it does not exist for this person. 404."""

    message = "We could not find that."


class GoneError(DomainError):
    """It existed and was removed for good. 410."""

    message = "This was removed."


class ForbiddenError(DomainError):
    """This person may not do that, and may know that it exists. 403."""

    message = "You may not do that."


class ConflictError(DomainError):
    """It could be done, but not in the present state. 409."""

    message = "This has changed in the meantime."


class UnavailableError(DomainError):
    """Something outside does not answer; nothing was changed and trying again is safe. 503."""

    message = "This is not available right now. Nothing was changed; please try again."
