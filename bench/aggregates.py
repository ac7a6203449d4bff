"""Twelve plain aggregates an account with DuckDB on the same files: the yardstick for a scan's time.

python bench/aggregates.py parquet|jsonl FOLDER
"""

from __future__ import annotations

import sys

import duckdb

READ = {
    "parquet": "read_parquet('{}/*.parquet')",
    "jsonl": "read_json('{}/*.jsonl.zst', format='newline_delimited', columns={{{}}})",
}
COLUMNS = (
    "event_id: 'VARCHAR', ts_ms: 'BIGINT', account_id: 'VARCHAR', client_ip: 'VARCHAR', user_agent: 'VARCHAR',"
    " session_id: 'VARCHAR', status: 'INTEGER', tokens_in: 'BIGINT', tokens_out: 'BIGINT', n_turns: 'INTEGER',"
    " model_served: 'VARCHAR', prompt: 'VARCHAR'"
)
QUERY = """
SELECT account_id, count(*) events, min(ts_ms) first_ms, max(ts_ms) last_ms, sum(tokens_in) tokens_in,
       sum(tokens_out) tokens_out, sum(CASE WHEN status >= 400 THEN 1 ELSE 0 END) errors,
       sum(CASE WHEN n_turns = 1 THEN 1 ELSE 0 END) single_turn, approx_count_distinct(prompt) prompts,
       approx_count_distinct(client_ip) addresses, approx_count_distinct(session_id) sessions,
       avg(length(prompt)) prompt_chars, max(model_served) model
FROM {} GROUP BY account_id
"""


def main(kind: str, folder: str) -> None:
    """Run the query and print how many accounts came out."""
    connection = duckdb.connect()
    connection.sql("SET threads = 2; SET preserve_insertion_order = false")
    rows = connection.sql(QUERY.format(READ[kind].format(folder, COLUMNS))).fetchnumpy()
    print(f"{len(rows['account_id']):,} accounts, {rows['events'].sum():,} events")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
