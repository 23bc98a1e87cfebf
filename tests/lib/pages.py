"""Programs of tests/browser, which drive a page in Chromium. Their screenshots go to build/browser/."""
import pathlib

from foreign import foreign_cases

FOLDER = pathlib.Path(__file__).parents[1] / "browser"
SCREENSHOTS = FOLDER.parents[1] / "build/browser"


def steps_of(program, binary, *more):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return foreign_cases(["node", program, binary, str(SCREENSHOTS), *more], r"^ok   (.*) \(\d+ ms\)$", r"^FAIL (.*)", folder=FOLDER)
