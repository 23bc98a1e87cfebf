"""The guide's pages: their tables, their queries and their program as printed."""
import json
import pathlib
import shutil
import subprocess
import sys

from assertions import check, equal, eventually
from postgres_server import PostgresServer
from server import Server

ROOT = pathlib.Path(__file__).parents[2]
HERE = pathlib.Path(__file__).parent
sys.path.append(str(ROOT / "tests/readme"))
from literate import blocks_of  # noqa: E402


def test_page(binary, folder):
    """the page's program prints what the page says"""
    blocks = blocks_of((ROOT / "docs/guide/live-queries.md").read_text(encoding="utf-8"))
    config, query, program = (next(block.text for block in blocks if block.file == name)
                              for name in ("tidemill.toml", "orders.get.sql", "follow.mjs"))
    table, writes, trigger, keyed = (block.text for block in blocks if block.language == "sql" and not block.file)
    folder = pathlib.Path(folder)
    (folder / "queries").mkdir()
    (folder / "queries/orders.get.sql").write_text(query, encoding="utf-8")
    (folder / "follow.mjs").write_text(program, encoding="utf-8")
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    with PostgresServer(sql="create database shop") as postgres:
        postgres.run(table, "shop")
        check("postgres@127.0.0.1:5432/shop" in config and 'folder = "queries"' in config, config)
        path = folder / "tidemill.toml"
        path.write_text(config.replace("5432", str(postgres.port)).replace('"queries"', f'"{folder}/queries"'), encoding="utf-8")
        with Server(binary, f"--config={path}") as server:
            server.until_ready()
            output = folder / "output"
            with output.open("w") as file:
                running = subprocess.Popen([shutil.which("node"), "follow.mjs", f"ws://{server.address}/connection/websocket"],
                                           stdout=file, stderr=file, cwd=folder)
            try:
                eventually(lambda: output.read_text().endswith("2: 30, 1: 10\n"), "the result")
                postgres.run(writes, "shop")
                eventually(lambda: output.read_text().endswith("2: 30, 4: 20\n"), "what has changed")
            except AssertionError:
                raise AssertionError(output.read_text()) from None
            finally:
                running.kill()
                running.wait()
            # In one transaction, as the server would make its own again.
            postgres.run(f"drop trigger tidemill_live on orders;\n{trigger}", "shop")
            names = ("tidemill_live", "tidemill_live_insert", "tidemill_live_update", "tidemill_live_delete")
            postgres.run("".join(f"drop trigger {name} on orders;\n" for name in names) + keyed, "shop")


def test_dashboard_page(binary, folder):
    """the page about dashboards: its files are served, listed with their charts, and show what is written"""
    blocks = blocks_of((ROOT / "docs/guide/live-dashboard.md").read_text(encoding="utf-8"))
    files = {block.file: block.text for block in blocks if block.file}
    config = files.pop("tidemill.toml")
    table, write = (block.text for block in blocks if block.language == "sql" and not block.file)
    folder = pathlib.Path(folder)
    (folder / "queries/shop").mkdir(parents=True)
    for name, text in files.items():
        (folder / "queries" / name).write_text(text, encoding="utf-8")
    with PostgresServer(sql="create database shop") as postgres:
        postgres.run(table, "shop")
        path = folder / "tidemill.toml"
        path.write_text(config.replace("5432", str(postgres.port)).replace('"queries"', f'"{folder}/queries"'), encoding="utf-8")
        with Server(binary, f"--config={path}") as server:
            server.until_ready()
            def get(path):
                status, _, body = server.get(path)
                equal(status, 200)
                return body

            listed = json.loads(get("/rest/dashboards.json"))
            equal([each["folder"] for each in listed["dashboards"]], ["shop"])
            kinds = {query["path"]: [chart["kind"] for chart in query["charts"]] for query in listed["dashboards"][0]["queries"]}
            equal(kinds, {"/shop/by_hour": ["line"], "/shop/latest": ["table"], "/shop/today": ["number", "number"]})
            for query in listed["dashboards"][0]["queries"]:
                check(query["live"] and query["everybody"], query)
            before = json.loads(get("/rest/shop/today?country=de"))
            postgres.run(write, "shop")
            after = json.loads(get("/rest/shop/today?country=de"))
            equal(after["orders"], before["orders"] + 1)
            equal(json.loads(get("/rest/shop/latest"))[0]["total"], 99.0)
            check(json.loads(get("/rest/shop/by_hour?country=de")), "it has rows")
            check('src="dash.js"' in get("/dash/"), "its addresses are relative")
