#!/usr/bin/env python3
"""docs/guide/metrics-reference.md: every metric that the sources register, with what it says.

    python3 tests/lint/metrics_reference.py          # prints what is not current; the lint calls it
    python3 tests/lint/metrics_reference.py --write  # makes it anew

tests/operations/dashboards.py holds it against /metrics of a server that runs.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/guide/metrics-reference.md"
# A name, and the literals behind it, which are its help.
METRIC = re.compile(r'"((?:tidemill|process)_[a-z0-9_]+)",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')
HOW = re.compile(r"(?:Add|Open)(Counter|Gauge|Histogram|Callback)\(\s*$")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
LABEL = re.compile(r'\{"([a-z_]+)",')
NAMED = re.compile(r'constexpr (?:char|std::string_view) (k\w+)(?:\[\])? = ("(?:tidemill|process)_[a-z0-9_]+");')
# Of families whose labels a helper adds.
MORE_LABELS = {
    "tidemill_api_command_duration_seconds": ["method"],
    "tidemill_api_command_errors_total": ["method"],
    "tidemill_disconnects_total": ["code"],
    "tidemill_hub_log_bytes": ["loop"],
    "tidemill_loop_lag_seconds": ["loop"],
    "tidemill_loop_long_turns_total": ["loop"],
    "tidemill_loop_mailbox_messages": ["loop"],
    "tidemill_loop_turn_cpu_max_seconds": ["loop"],
    "tidemill_loop_turn_max_seconds": ["loop"],
    "tidemill_reply_errors_total": ["code"],
    "tidemill_transport_connections": ["transport"],
    "tidemill_transport_connects_total": ["transport"],
    "tidemill_unsubscribes_total": ["code"],
}
INTRODUCTION = """# All metrics

Generated from the sources by `tests/lint/metrics_reference.py`; do not edit. [Metrics and alerts](metrics.md) says which to
watch, and when to look. A server has those of the parts that are switched on; `GET /metrics` gives each with its help. A
counter's name ends in `_total`; a histogram has `_bucket`, `_sum` and `_count`.
"""


class Metric:
    def __init__(self):
        self.kind, self.help, self.labels = "gauge", "", []


def kind_of(name, how):
    if how == "Histogram":
        return "histogram"
    return "counter" if how == "Counter" or name.endswith("_total") else "gauge"


def metrics_of(text, metrics):
    for name, literal in NAMED.findall(text):
        text = re.sub(rf"\b{name}\b(?!\[| =)", lambda _, literal=literal: literal, text)
    found = list(METRIC.finditer(text))
    for each, following in zip(found, [*found[1:], None]):
        name, literals = each.groups()
        words = "".join(LITERAL.findall(literals)).replace('\\"', '"')
        how = HOW.search(text[max(0, each.start() - 60):each.start()])
        if not how and not (" " in words and words[:1].isupper()):
            continue
        metric = metrics[name]
        metric.kind = kind_of(name, how and how[1])
        metric.help = metric.help or words
        rest = text[each.end():following.start() if following else len(text)]
        for label in LABEL.findall(rest[:rest.find(";")]):
            if label not in metric.labels:
                metric.labels.append(label)


def all_metrics():
    metrics = collections.defaultdict(Metric)
    for path in sorted((ROOT / "src").rglob("*.cc")):
        if not path.name.endswith("_test.cc") and "testing" not in path.parts:
            metrics_of(path.read_text(encoding="utf-8"), metrics)
    for name, labels in MORE_LABELS.items():
        metrics[name].labels += [label for label in labels if label not in metrics[name].labels]
    return metrics


def group_of(name):
    parts = name.split("_")
    return parts[0] if parts[0] == "process" else parts[1]


def page():
    groups = collections.defaultdict(list)
    for name, metric in all_metrics().items():
        groups[group_of(name)].append((name, metric))
    small = [each for group in list(groups) if len(groups[group]) == 1 for each in groups.pop(group)]
    text = INTRODUCTION
    for title, rows in [*sorted(groups.items()), ("others", small)]:
        text += f"\n## {title}\n\n| Metric | Kind | Labels | It says |\n|---|---|---|---|\n"
        for name, metric in sorted(rows):
            labels = ", ".join(f"`{label}`" for label in metric.labels)
            text += f"| `{name}` | {metric.kind} | {labels} | {metric.help.replace('|', chr(92) + '|')} |\n"
    return text


def is_current():
    return PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(page(), encoding="utf-8")
    elif not is_current():
        sys.exit(f"{PAGE.relative_to(ROOT)} is not current: python3 tests/lint/metrics_reference.py --write")
