"""The floor: the smallest Flask app that keeps an answer. One route, one upsert, one durable commit, and nothing else.

It takes the very request that Laurel takes, and is served by the same gunicorn with the same settings, over the same engine.
"""

import os
import sys

from flask import Flask, request
from sqlalchemy import text

from laurel.core.db import make_engine
from laurel.serving import Server

TABLE = """
    CREATE TABLE IF NOT EXISTS floor_answers
    (attempt_id VARCHAR(36), slot INTEGER, seq INTEGER, answer TEXT, PRIMARY KEY (attempt_id, slot))
"""
UPSERT = text("""
    INSERT INTO floor_answers (attempt_id, slot, seq, answer) VALUES (:attempt_id, :slot, :seq, :answer)
    ON CONFLICT (attempt_id, slot) DO UPDATE SET seq = excluded.seq, answer = excluded.answer WHERE floor_answers.seq < excluded.seq
""")


def make_floor() -> Flask:
    app = Flask("floor")
    engine = make_engine(os.environ["DATABASE_URL"])

    @app.patch("/attempts/<attempt_id>/answers")
    def save(attempt_id: str) -> dict[str, list[str]]:
        item = request.get_json()["items"][0]
        answer = app.json.dumps(item["answer"])
        with engine.begin() as connection:
            connection.execute(UPSERT, {"attempt_id": attempt_id, "slot": item["slot"], "seq": item["seq"], "answer": answer})
        return {"saved": [item["op_id"]]}

    @app.get("/healthz")
    def alive() -> dict[str, str]:
        return {"status": "ok"}

    return app


class FloorServer(Server):
    def load(self) -> Flask:
        return make_floor()


if __name__ == "__main__":
    FloorServer(f"127.0.0.1:{sys.argv[1]}", int(sys.argv[2]), {}).run()
