"""The server's pages in Chromium. Their screenshots go to build/browser/."""
import pathlib

from foreign import foreign_cases
from postgres_server import PostgresServer

HERE = pathlib.Path(__file__).parent
SCREENSHOTS = HERE.parents[1] / "build/browser"


def steps_of(program, binary, *more):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return foreign_cases(["node", program, binary, str(SCREENSHOTS), *more], r"^ok   (.*) \(\d+ ms\)$", r"^FAIL (.*)", folder=HERE)


def cases_demo_page(binary):
    return steps_of("demo_page.js", binary)


def cases_demo_transports(binary):
    return steps_of("demo_transports.js", binary)


def cases_sql_page(binary):
    return steps_of("sql_page.js", binary)


def cases_console_page(binary):
    return steps_of("console_page.js", binary)


def cases_chat_page(binary):
    return steps_of("chat_page.js", binary)


def cases_dash_page(binary):
    with PostgresServer(sql="create database dash") as postgres:
        yield from steps_of("dash_page.js", binary, str(postgres.port))
