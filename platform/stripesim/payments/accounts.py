"""Test bank accounts for debits, as on https://docs.stripe.com/testing: the answer comes days after the order."""

from dataclasses import dataclass

DAYS_UNTIL_SETTLED = 4


@dataclass(frozen=True, slots=True)
class Account:
    """An account that a debit can be tried on. `kind` is Stripe's payment method type."""

    number: str
    kind: str
    told: str
    failure: str = ""

    @property
    def last4(self) -> str:
        return self.number[-4:]


ACCOUNTS = (
    Account("000123456789", "us_bank_account", "Account …6789: pays after four days"),
    Account("000222222227", "us_bank_account", "Account …2227: has insufficient funds", "insufficient_funds"),
    Account("AT611904300234573201", "sepa_debit", "AT61 … 3201: pays after four days"),
    Account("AT861904300235473202", "sepa_debit", "AT86 … 3202: has insufficient funds", "insufficient_funds"),
)
BY_NUMBER = {account.number: account for account in ACCOUNTS}
KINDS = {"usd": "us_bank_account", "eur": "sepa_debit"}


def accounts_for(currency: str) -> list[Account]:
    """Where money in this currency can be debited from."""
    return [account for account in ACCOUNTS if account.kind == KINDS.get(currency)]
