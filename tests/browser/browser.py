"""The demo page in Chromium. Its screenshots go to build/browser/."""
import pathlib

from foreign import foreign_cases

HERE = pathlib.Path(__file__).parent
SCREENSHOTS = HERE.parents[1] / "build/browser"


def cases_demo_page(binary):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return foreign_cases(["node", "demo_page.js", binary, str(SCREENSHOTS)], r"^ok   (.*) \(\d+ ms\)$", r"^FAIL (.*)",
                         folder=HERE)
