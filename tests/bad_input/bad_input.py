"""The server that the dialogues and the tables of malformed input talk to."""
import pathlib

from runner import fixture
from server import Server


@fixture
def server(binary):
    with Server(binary, "--config", str(pathlib.Path(__file__).parent / "golden.toml")) as started:
        yield started
