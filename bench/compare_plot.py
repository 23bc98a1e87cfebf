"""Panels of horizontal bars as SVG text: one contender a bar, the same contender always in the same colour."""
import statistics
from xml.sax.saxutils import escape

PANEL_WIDTH, COLUMNS, GAP = 470, 2, 24
HEAD, ROW, NAMES, VALUES = 50, 22, 118, 84
INK, SOFT = "#24292f", "#57606a"
OURS, FLOOR, OTHERS = "#1f6feb", "#b7bfc8", "#d4a72c"
COLOURS = {"tidemill": OURS, "tidemill_history": "#54aeff", "floor": FLOOR}


def text(x, y, content, anchor="start", colour=INK, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{more}>{escape(content)}</text>'


def panel(x, y, title, subtitle, bars):
    """bars: (contender, its name, values of the rounds, what stands beside it)."""
    parts = [text(x, y + 16, title, more=' font-size="14" font-weight="600"'), text(x, y + 33, subtitle, colour=SOFT)]
    room = PANEL_WIDTH - NAMES - VALUES
    longest = max(statistics.median(values) for _, _, values, _ in bars) or 1
    for index, (contender, name, values, beside) in enumerate(bars):
        top = y + HEAD + index * ROW
        length = max(1.5, room * statistics.median(values) / longest)
        ours = contender.startswith("tidemill")
        parts += [text(x + NAMES - 8, top + 12, name, "end", more=' font-weight="600"' if ours else ""),
                  f'<rect x="{x + NAMES}" y="{top}" width="{length:.1f}" height="15" rx="2" '
                  f'fill="{COLOURS.get(contender, OTHERS)}"/>',
                  text(x + NAMES + length + 6, top + 12, beside)]
    return parts


def sheet(title, subtitle, panels):
    """panels: (title, subtitle, bars), in rows of two."""
    parts, y = [], 60
    for row in range(0, len(panels), COLUMNS):
        in_row = panels[row:row + COLUMNS]
        for column, (name, below, bars) in enumerate(in_row):
            parts += panel(GAP + column * (PANEL_WIDTH + GAP), y, name, below, bars)
        y += HEAD + ROW * max(len(bars) for _, _, bars in in_row) + GAP
    width = GAP + COLUMNS * (PANEL_WIDTH + GAP)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" font-family="system-ui, sans-serif" '
        f'font-size="12" role="img" aria-label="{escape(title)}">',
        f'<rect width="{width}" height="{y}" fill="#ffffff"/>',
        text(GAP, 26, title, more=' font-size="18" font-weight="700"'), text(GAP, 45, subtitle, colour=SOFT),
        *parts, "</svg>", ""])
