"""What is wrong with a channel, by what the database says was committed."""
import collections


def problems(history, counters):
    """`history`: what the channel has, in order, each with `key`, `n` and `rolled_back`. `counters`: how many were committed
    for each key, numbered from 1 in the order of their commits."""
    found = []
    by_key = collections.defaultdict(list)
    for each in history:
        if each["rolled_back"]:
            found.append(f"rolled back, and there: {each}")
        by_key[each["key"]].append(each["n"])
    for key in sorted(set(by_key) | set(counters)):
        got, wanted = by_key[key], list(range(1, counters.get(key, 0) + 1))
        if got == wanted:
            continue
        if lost := sorted(set(wanted) - set(got)):
            found.append(f"{key}: lost {lost[:10]}")
        if unknown := sorted(set(got) - set(wanted)):
            found.append(f"{key}: never committed {unknown[:10]}")
        if len(set(got)) != len(got):
            found.append(f"{key}: more than once {[n for n, times in collections.Counter(got).items() if times > 1][:10]}")
        first = list(dict.fromkeys(got))
        if first != sorted(first):
            found.append(f"{key}: out of order {got[:10]}")
    return found


def test_finds_what_is_planted(seed):
    """the checker finds each kind of fault, and none where there is none"""
    good = [{"key": key, "n": n, "rolled_back": False} for n in (1, 2, 3) for key in ("a", "b")]
    counters = {"a": 3, "b": 3}
    assert problems(good, counters) == []
    planted = {
        "lost": good[:-1],
        "more than once": good + good[-1:],
        "out of order": [good[2], *good[:2], *good[3:]],
        "rolled back": good + [{"key": "a", "n": 4, "rolled_back": True}],
        "never committed": good + [{"key": "c", "n": 1, "rolled_back": False}],
    }
    for kind, history in planted.items():
        found = problems(history, counters)
        assert any(kind in problem for problem in found), (kind, found)
