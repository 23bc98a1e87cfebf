"""The server's pages in Chromium, but for the chat's (tests/browser_chat)."""
from pages import steps_of
from postgres_server import PostgresServer


def cases_demo_page(binary):
    return steps_of("demo_page.js", binary)


def cases_demo_transports(binary):
    return steps_of("demo_transports.js", binary)


def cases_sql_page(binary):
    return steps_of("sql_page.js", binary)


def cases_console_page(binary):
    return steps_of("console_page.js", binary)


def cases_dash_page(binary):
    with PostgresServer(sql="create database dash") as postgres:
        yield from steps_of("dash_page.js", binary, str(postgres.port))
