"""Bar charts as SVG text: two series beside each other, with the spread of the rounds."""
import statistics
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 300
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 56, 40
OURS, FLOOR, INK, GRID, GOAL = "#1f6feb", "#b7bfc8", "#24292f", "#e4e7eb", "#cf222e"


def step(top):
    """A round distance between grid lines: about five of them."""
    for power in range(-6, 9):
        for factor in (1, 2, 5):
            if top / (factor * 10.0 ** power) <= 5.5:
                return factor * 10.0 ** power
    return top


def label(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Chart:
    def __init__(self, title, subtitle, top):
        self.step = step(top)
        self.top = self.step * max(1, -(-top // self.step))
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="{escape(title)}">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            f'<text x="{LEFT}" y="22" font-size="15" font-weight="600" fill="{INK}">{escape(title)}</text>',
            f'<text x="{LEFT}" y="40" fill="#57606a">{escape(subtitle)}</text>']
        value = 0.0
        while value <= self.top + self.step / 2:
            y = self.y(value)
            self.parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
            self.text(LEFT - 8, y + 4, label(value), "end")
            value += self.step

    def y(self, value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.top

    def text(self, x, y, content, anchor="middle", color=INK):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">'
                          f'{escape(content)}</text>')

    def bar(self, x, width, found, color):
        middle = statistics.median(found)
        y = self.y(middle)
        height = HEIGHT - BOTTOM - y
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                          f'fill="{color}"/>')
        center = x + width / 2
        self.parts.append(f'<path d="M{center:.1f} {self.y(min(found)):.1f}V{self.y(max(found)):.1f}" '
                          f'stroke="{INK}" stroke-width="1.5"/>')
        self.text(center, self.y(max(found)) - 5, label(middle))

    def legend(self, entries):
        x = WIDTH - RIGHT
        for name, color in reversed(entries):
            x -= 8 * len(name) + 24
            self.parts.append(f'<rect x="{x}" y="12" width="12" height="12" fill="{color}"/>')
            self.text(x + 17, 22, name, "start")

    def goal(self, value, name):
        if value > self.top:
            return
        y = self.y(value)
        self.parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GOAL}" '
                          f'stroke-dasharray="5 4"/>')
        self.text(WIDTH - RIGHT, y - 5, name, "end", GOAL)

    def svg(self):
        return "\n".join([*self.parts, "</svg>", ""])


def bars(title, subtitle, groups, goal=None):
    """groups: (name, our values, the floor's values), a pair of bars each. None if there is nothing."""
    groups = [g for g in groups if g[1] or g[2]]
    if not groups:
        return None
    highest = max(v for _, ours, floors in groups for v in (*ours, *floors))
    chart = Chart(title, subtitle, max(highest * 1.1, goal[0] * 1.05 if goal else 0))
    room = (WIDTH - LEFT - RIGHT) / len(groups)
    width = min(70.0, room / 3)
    for index, (name, ours, floors) in enumerate(groups):
        center = LEFT + room * (index + 0.5)
        if ours:
            chart.bar(center - width - 3 if floors else center - width / 2, width, ours, OURS)
        if floors:
            chart.bar(center + 3 if ours else center - width / 2, width, floors, FLOOR)
        chart.text(center, HEIGHT - BOTTOM + 18, name)
    entries = [("Tidemill", OURS)] + ([("kernel floor", FLOOR)] if any(g[2] for g in groups) else [])
    chart.legend(entries)
    if goal:
        chart.goal(*goal)
    return chart.svg()


def all_plots(results, values):
    """(file name, title, SVG) of each plot that there are figures for."""

    def groups(figure, *named):
        return [(title, list(values(results, measure, "tidemill", figure).values()),
                 list(values(results, measure, "floor", figure).values())) for measure, title in named]

    deliveries = groups("cpu_us_per_delivery", ("fanout_1k", "1,000 subscribers"),
                        ("fanout_10k", "10,000 subscribers"), ("fanout_18k", "18,000 subscribers"))
    rates = groups("delivery_p99_us", ("rate_1000", "1,000 messages/s"),
                   ("rate_3000", "3,000 messages/s"), ("rate_10000", "10,000 messages/s"))
    memory = groups("anonymous_bytes_per_connection", ("idle_shared", "one shared channel"),
                    ("idle_own", "a channel each"))
    lowest = "lower is better; the line spans the rounds"
    for name, title, picture in (
            ("fanout", "CPU per delivered frame, one message at a time",
             bars("CPU per delivered frame, one message at a time", f"microseconds; {lowest}", deliveries)),
            ("rate", "Due to receive at a rate, p99, 1,000 subscribers",
             bars("Due to receive, p99, 1,000 subscribers", f"microseconds; {lowest}", rates)),
            ("memory", "Own memory per idle connection",
             bars("Own memory per idle connection",
                  f"bytes of RssAnon, 18,000 connections with one subscription each; {lowest}", memory,
                  goal=(1024, "goal: 1 KiB")))):
        if picture:
            yield name, title, picture
