"""The guide's page: its statements run as printed on PostgreSQL, with its configuration."""
import pathlib
import sys

from assertions import check, equal, eventually
from postgres_server import PostgresServer
from shared import OutboxServer

ROOT = pathlib.Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests/readme"))
from literate import blocks_of  # noqa: E402


def test_page(binary, folder):
    """an order of the page pushes its message and its job, and the one that is rolled back nothing"""
    blocks = blocks_of((ROOT / "docs/guide/outbox.md").read_text(encoding="utf-8"))
    config = next(block.text for block in blocks if block.file == "tidemill.toml")
    statements = [block.text for block in blocks if block.language == "sql"]
    check(len(statements) == 4, len(statements))
    with PostgresServer(sql="create database shop") as postgres:
        check("postgres@127.0.0.1:5432/shop" in config, config)
        path = pathlib.Path(folder) / "tidemill.toml"
        path.write_text(config.replace("5432", str(postgres.port)), encoding="utf-8")
        with OutboxServer(binary, folder, f"--config={path}", "--jobs.faktory.listen=127.0.0.1:0",
                          postgres=postgres.url(database="shop")) as server:
            # One transaction after the other, as psql does with a file.
            for transaction in statements[0].split("\n\n"):
                postgres.run(transaction, "shop")
            eventually(lambda: server.history("orders"), "the message is there")
            server.until_empty()
            equal(server.history("orders"), [{"id": 1, "state": "new"}])
            jobs = eventually(lambda: server.api("jobs_list", {"state": "queued"})["jobs"], "the job is there")
            equal([job["job"]["args"] for job in jobs], [[1]])
            postgres.run(statements[1], "shop")
            postgres.run("set role shop; select tidemill.publish('orders', '3'); select tidemill.webhook('crm', '{}')", "shop")
            eventually(lambda: server.history("orders")[-1] == 3, "the role may publish")
