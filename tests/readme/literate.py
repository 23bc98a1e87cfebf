"""Pages of the guide as programs: their fenced blocks, and what each says of itself.

    ```sh            runs in a terminal; one whose last line goes on (serve, tail, a program) keeps it
    ```js app.mjs    is written into that file
    ```console       is to be read only, like any block without a file's name
"""
import re
from dataclasses import dataclass

FENCE = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    language: str
    file: str  # "": it is no file
    text: str


def blocks_of(markdown):
    return [Block(*found) for found in FENCE.findall(markdown)]
