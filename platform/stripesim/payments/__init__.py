"""Money that moved: payment intents, charges, refunds, balance transactions."""
