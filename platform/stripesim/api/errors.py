"""Refusals, worded and numbered as Stripe words and numbers them."""

from typing import Any

DOCS = "https://docs.stripe.com/error-codes"


class ApiError(Exception):
    """An answer other than 200. `is_kept` says whether an idempotency key remembers it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        is_kept: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind
        self.code, self.param, self.is_kept = code, param, is_kept

    def body(self) -> dict[str, Any]:
        error = {"message": self.message, "type": self.kind}
        if self.code is not None:
            error |= {"code": self.code, "doc_url": f"{DOCS}#{self.code.replace('_', '-')}"}
        if self.param is not None:
            error["param"] = self.param
        return {"error": error}


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    """The parameters make no sense; nothing was done, and the same key may be used again."""
    return ApiError(400, message, param=param, code=code)


def refused(message: str, *, code: str | None = None, param: str | None = None) -> ApiError:
    """The parameters make sense but the object is in no state for it; the key remembers that."""
    return ApiError(400, message, param=param, code=code, is_kept=True)


def unknown(param: str) -> ApiError:
    return invalid(f"Received unknown parameter: {param}", param=param, code="parameter_unknown")


def missing_param(param: str) -> ApiError:
    return invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")


def missing_object(label: str, object_id: str, *, param: str, status: int = 404) -> ApiError:
    message = f"No such {label}: '{object_id}'"
    return ApiError(status, message, param=param, code="resource_missing")


def exclusive(*params: str) -> ApiError:
    names = ", ".join(params)
    message = f"You may only specify one of these parameters: {names}."
    return invalid(message, param=params[0], code="parameters_exclusive")


def too_many() -> ApiError:
    return ApiError(429, "Request rate limit exceeded.", code="rate_limit")


def locked() -> ApiError:
    message = (
        "This object cannot be accessed right now because another API request or Stripe process is currently accessing it. "
        "If you see this error intermittently, retry the request."
    )
    return ApiError(429, message, code="lock_timeout")


def failed(message: str = "An unknown error occurred.") -> ApiError:
    """Stripe's own fault. A key remembers it like any other answer."""
    return ApiError(500, message, kind="api_error", is_kept=True)
