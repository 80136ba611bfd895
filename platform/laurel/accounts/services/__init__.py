"""What is done to accounts, for whoever needs it: screens, commands, the seeder."""

from laurel.accounts.services.addresses import normalize_email
from laurel.accounts.services.further_addresses import (
    MOST_ADDRESSES,
    AddressTakenError,
    StrangersLinkError,
    add_address,
    get_claim,
    make_first,
    remove_address,
    request_address,
    withdraw_claim,
)
from laurel.accounts.services.limits import TooManyTriesError, count_or_refuse, forgive
from laurel.accounts.services.links import DeadLinkError, delete_ended_links, get_link, get_user_of_link, link_id
from laurel.accounts.services.passwords import hash_password, is_outdated, verify_password
from laurel.accounts.services.people import (
    EmailTakenError,
    change_password,
    confirm_email,
    enable_second_factor,
    keep_certificate_name,
    register,
    remove_second_factor,
    rename,
    rename_on_certificates,
    request_confirmation,
    request_reset,
    set_roles,
    tell,
)

__all__ = [
    "MOST_ADDRESSES",
    "AddressTakenError",
    "DeadLinkError",
    "EmailTakenError",
    "StrangersLinkError",
    "TooManyTriesError",
    "add_address",
    "change_password",
    "confirm_email",
    "count_or_refuse",
    "delete_ended_links",
    "enable_second_factor",
    "forgive",
    "get_claim",
    "get_link",
    "get_user_of_link",
    "hash_password",
    "is_outdated",
    "keep_certificate_name",
    "link_id",
    "make_first",
    "normalize_email",
    "register",
    "remove_address",
    "remove_second_factor",
    "rename",
    "rename_on_certificates",
    "request_address",
    "request_confirmation",
    "request_reset",
    "set_roles",
    "tell",
    "verify_password",
    "withdraw_claim",
]
