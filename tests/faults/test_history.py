"""The checker itself: histories that are right, and one for each thing that can be wrong."""
from assertions import equal
from history import SKIP, Acknowledged, Lost, Received, Stored, Subscribed, check

SUB = Subscribed("c", "ch", "e", 0, False, False)
BACK = Subscribed("c", "ch", "e", 2, True, True)
SKIPPED = SKIP + 1
NOT_BACK = Subscribed("c", "ch", "e", 5, True, False)
OTHER = [Subscribed("d", "ch", "e", 0, False, False), *(Received("d", "ch", n, n) for n in range(1, 6))]


def got(*offsets):
    return [Received("c", "ch", offset, offset) for offset in offsets]


def stored(epoch, *offsets):
    return Stored("ch", epoch, tuple((offset, offset) for offset in offsets))


# Right even if the server loses what it acknowledged, as long as it says so.
GOOD_WITH_LOSSES = {
    "told of the loss": [SUB, *got(1, 2), Lost("c", "ch"), NOT_BACK, *OTHER, stored("e", 1, 2, 3, 4, 5)],
    "told after a skip over what others saw": [
        SUB, *got(1, SKIPPED), Lost("c", "ch"), Subscribed("c", "ch", "f", 0, True, False),
        *OTHER, Lost("d", "ch"), Subscribed("d", "ch", "f", 0, True, False)],
    "a new epoch after a loss": [SUB, *got(1), Acknowledged("ch", 1, "e", 1), Lost("c", "ch"),
                                 Subscribed("c", "ch", "f", 0, True, False), stored("f")],
}
GOOD = {
    "all nodes have it": [SUB, *got(1, 2), Acknowledged("ch", 2, "e", 2), stored("e", 1, 2), stored("e", 1, 2)],
    "nothing": [],
    "all": [SUB, *got(1, 2, 3, 4, 5), *OTHER],
    "recovered": [SUB, *got(1, 2), Lost("c", "ch"), BACK, *got(3, 4, 5), *OTHER],
    "told of the loss": [SUB, *got(1, 2), Lost("c", "ch"), NOT_BACK, *OTHER],
    "a skip that nobody saw anything in": [SUB, *got(1, 2, 16777217), Subscribed("d", "ch", "e", 2, False, False),
                                           Received("d", "ch", 16777217, 16777217)],
    "acknowledged": [SUB, *got(1), Acknowledged("ch", 1, "e", 1)],
    "acknowledged in an epoch whose end was told": [
        SUB, *got(1), Acknowledged("ch", 1, "e", 1), Lost("c", "ch"), Subscribed("c", "ch", "f", 0, True, False)],
}
BAD_EVEN_WITH_LOSSES = {
    "told long after a gap": [SUB, *got(1, 4), Lost("c", "ch"), NOT_BACK, *OTHER],
    "the history has what was not delivered": [SUB, *got(1, 2), stored("e", 1, 2, 3)],
    "the history has another": [SUB, *got(1, 2), Stored("ch", "e", ((1, 1), (2, 99)))],
    "not told of a new epoch": [SUB, *got(1, 2), stored("f", 1)],
    "the nodes differ": [SUB, *got(1, 2), stored("e", 1, 2), stored("e", 2)],
}
BAD = {
    "acknowledged and not in the history": [SUB, Acknowledged("ch", 2, "e", 2), Received("c", "ch", 2, 2), stored("e")],
    "acknowledged in an epoch that is gone": [
        SUB, *got(1), Acknowledged("ch", 1, "e", 1), Lost("c", "ch"), Subscribed("c", "ch", "f", 0, True, False),
        stored("f")],
    "told of a loss that was none": [SUB, *got(1, 2), Lost("c", "ch"), NOT_BACK, *OTHER, stored("e", 1, 2, 3, 4, 5)],
    "gap": [SUB, *got(1, 2, 4, 5), *OTHER],
    "nothing any more": [SUB, *got(1, 2), *OTHER],
    "gap across a recovery": [SUB, *got(1, 2), Lost("c", "ch"), BACK, *got(4, 5), *OTHER],
    "twice": [SUB, *got(1, 2, 2, 3)],
    "out of order": [SUB, *got(1, 3, 2)],
    "two publications at one offset": [SUB, *got(1), Subscribed("d", "ch", "e", 0, False, False),
                                       Received("d", "ch", 1, 99)],
    "acknowledged as another": [SUB, *got(1), Acknowledged("ch", 99, "e", 1)],
    "recovered into another epoch": [SUB, *got(1), Lost("c", "ch"), Subscribed("c", "ch", "f", 1, True, True)],
    "acknowledged and not delivered": [SUB, *got(1), Acknowledged("ch", 1, "e", 1), Acknowledged("ch", 2, "e", 2)],
    "acknowledged in an epoch that nobody knows": [SUB, *got(1), Acknowledged("ch", 2, "g", 2)],
}


def cases_of_checker():
    for durable, histories in [(True, GOOD), (False, GOOD_WITH_LOSSES)]:
        for name, events in histories.items():
            yield f"accepts: {name}", lambda e=events, d=durable: equal(check(e, d), [])
    for durable, histories in [(False, BAD_EVEN_WITH_LOSSES), (True, BAD)]:
        for name, events in histories.items():
            yield f"refuses: {name}", lambda e=events, d=durable: finds_something(e, d)


def finds_something(events, durable):
    if not check(events, durable):
        raise AssertionError("it found nothing")
