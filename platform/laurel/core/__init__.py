"""What every package stands on: time, ids, money, errors, the database, events, mail, Markdown. No Flask, no domain."""
