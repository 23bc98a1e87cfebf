"""The scenarios as tests, and each fault planted in the server in a scenario whose checker must find it."""
import map_scenarios
import scenarios
from assertions import check
from runner import note


def all_scenarios():
    both = {**vars(scenarios), **vars(map_scenarios)}
    return [each for each in both.values() if hasattr(each, "finds") and not each.left_out]


def run(scenario, binary, seed):
    wrong = scenario(binary, seed)
    check(not wrong, "\n     ".join(wrong[:8]))


def run_planted(scenario, bug, binary, seed):
    wrong = scenario(binary, seed, (f"--broker.redis.plant_bug_for_test={bug}",))
    check(wrong, f"in {scenario.__name__} the checker found nothing")
    note(f"found: {wrong[0][:150]}")


def cases_scenarios(binary, seed):
    for each in all_scenarios():
        yield each.__name__, lambda each=each: run(each, binary, seed)


def cases_planted(binary, seed):
    for each in all_scenarios():
        for bug in each.finds:
            yield bug, lambda each=each, bug=bug: run_planted(each, bug, binary, seed)
