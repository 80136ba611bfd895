"""What an endpoint accepts, written down parameter by parameter; everything else is a 400."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from stripesim import money
from stripesim.api.errors import invalid, missing_param, unknown
from stripesim.api.form import Raw

EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


class Field(Protocol):
    """Reads one raw value. `name` is the parameter's full name, for the refusal."""

    def read(self, raw: Raw, name: str) -> Any: ...


def _text(raw: Raw, name: str) -> str:
    if not isinstance(raw, str):
        raise invalid(f"Invalid string: {name}", param=name)
    if raw == "":
        message = (
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{name}' cannot be unset. You should remove '{name}' "
            "from your request or supply a non-empty value."
        )
        raise invalid(message, param=name, code="parameter_invalid_empty")
    return raw


@dataclass(frozen=True, slots=True)
class Text:
    longest: int = 5000

    def read(self, raw: Raw, name: str) -> str:
        text = _text(raw, name)
        if len(text) > self.longest:
            message = f"Invalid string: {text[:20]}...; must be at most {self.longest} characters"
            raise invalid(message, param=name)
        return text


@dataclass(frozen=True, slots=True)
class Email:
    def read(self, raw: Raw, name: str) -> str:
        text = _text(raw, name)
        if not EMAIL.match(text) or len(text) > 512:
            raise invalid(f"Invalid email address: {text}", param=name, code="email_invalid")
        return text


@dataclass(frozen=True, slots=True)
class Url:
    def read(self, raw: Raw, name: str) -> str:
        text = _text(raw, name)
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            message = "Invalid URL: An explicit scheme (such as https) must be provided."
            raise invalid(message, param=name, code="url_invalid")
        return text


@dataclass(frozen=True, slots=True)
class Choice:
    values: tuple[str, ...]

    def read(self, raw: Raw, name: str) -> str:
        text = _text(raw, name)
        if text not in self.values:
            raise invalid(f"Invalid {name}: must be one of {_either(self.values)}", param=name)
        return text


@dataclass(frozen=True, slots=True)
class Integer:
    least: int | None = None
    most: int | None = None

    def read(self, raw: Raw, name: str) -> int:
        text = _text(raw, name)
        if not re.fullmatch(r"-?\d{1,18}", text):
            raise self._wrong(f"Invalid integer: {text}", name)
        value = int(text)
        if self.least is not None and value < self.least:
            raise self._wrong(f"This value must be greater than or equal to {self.least}.", name)
        if self.most is not None and value > self.most:
            raise self._wrong(f"This value must be less than or equal to {self.most}.", name)
        return value

    @staticmethod
    def _wrong(message: str, name: str) -> Exception:
        return invalid(message, param=name, code="parameter_invalid_integer")


@dataclass(frozen=True, slots=True)
class Percent:
    """Above 0 and up to 100, with up to two decimals; a whole one is read as an integer."""

    def read(self, raw: Raw, name: str) -> int | float:
        text = _text(raw, name)
        if not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", text) or not 0 < float(text) <= 100:
            raise invalid(f"Invalid decimal: {text}; must be above 0 and up to 100 with up to two decimals.", param=name)
        return int(float(text)) if float(text).is_integer() else float(text)


@dataclass(frozen=True, slots=True)
class Boolean:
    def read(self, raw: Raw, name: str) -> bool:
        text = _text(raw, name)
        if text not in ("true", "false"):
            raise invalid(f"Invalid boolean: {text}", param=name)
        return text == "true"


@dataclass(frozen=True, slots=True)
class Currency:
    def read(self, raw: Raw, name: str) -> str:
        code = _text(raw, name).lower()
        if code not in money.CURRENCIES:
            known = ", ".join(sorted(money.CURRENCIES))
            message = f"Invalid currency: {code}. The sandbox knows these currencies: {known}"
            raise invalid(message, param=name)
        return code


@dataclass(frozen=True, slots=True)
class Metadata:
    """At most 50 pairs; an empty value deletes its key, and an empty whole deletes them all."""

    def read(self, raw: Raw, name: str) -> dict[str, str] | None:
        if raw == "":
            return None
        if isinstance(raw, str) or any(not isinstance(value, str) for value in raw.values()):
            raise invalid("Invalid object: metadata must be pairs of strings", param=name)
        pairs = {key: str(value) for key, value in raw.items()}
        if len(pairs) > 50:
            raise invalid("Metadata can have up to 50 keys.", param=name)
        for key, value in pairs.items():
            if len(key) > 40 or len(value) > 500:
                message = f"Metadata keys have up to 40 and values up to 500 characters: {key[:40]}"
                raise invalid(message, param=f"{name}[{key}]")
        return pairs


@dataclass(frozen=True, slots=True)
class ByCurrency:
    """One group for each currency that is named: `currency_options[eur][amount_off]`."""

    inner: Field

    def read(self, raw: Raw, name: str) -> dict[str, Any]:
        if isinstance(raw, str):
            raise invalid("Invalid object", param=name)
        return {Currency().read(key, name): self.inner.read(raw[key], _below(name, key)) for key in raw}


@dataclass(frozen=True, slots=True)
class Unsettable:
    """A field that an empty string sets to null."""

    inner: Field

    def read(self, raw: Raw, name: str) -> Any:
        return None if raw == "" else self.inner.read(raw, name)


@dataclass(frozen=True, slots=True)
class ListOf:
    inner: Field
    most: int = 100

    def read(self, raw: Raw, name: str) -> list[Any]:
        if isinstance(raw, str) or any(not key.isdigit() for key in raw):
            raise invalid("Invalid array", param=name)
        if len(raw) > self.most:
            raise invalid(f"Array {name} exceeded maximum {self.most} allowed elements.", param=name)
        return [self.inner.read(raw[key], f"{name}[{key}]") for key in sorted(raw, key=int)]


@dataclass(frozen=True, slots=True)
class Group:
    """Named parameters, of which the required ones must be there and no other may."""

    fields: Mapping[str, Field]
    required: tuple[str, ...] = field(default=())

    def read(self, raw: Raw, name: str) -> dict[str, Any]:
        if isinstance(raw, str):
            raise invalid("Invalid object", param=name)
        for key in raw:
            if key not in self.fields:
                raise unknown(_below(name, key))
        for key in self.required:
            if key not in raw:
                raise missing_param(_below(name, key))
        return {key: self.fields[key].read(raw[key], _below(name, key)) for key in raw}

    def plus(self, more: Mapping[str, Field]) -> "Group":
        return Group({**self.fields, **more}, self.required)


@dataclass(frozen=True, slots=True)
class Range:
    """A moment, or bounds for one: `created=5` or `created[gte]=5`. Read as (sign, value) pairs."""

    def read(self, raw: Raw, name: str) -> list[tuple[str, int]]:
        if isinstance(raw, str):
            return [("=", Integer().read(raw, name))]
        signs = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
        bounds = Group({key: Integer() for key in signs}).read(raw, name)
        return [(signs[key], value) for key, value in bounds.items()]


def _below(name: str, key: str) -> str:
    return f"{name}[{key}]" if name else key


def _either(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
