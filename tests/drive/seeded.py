"""Stories told by a seed: every kind of step and of trouble has its share, where Hypothesis likes to repeat itself.

Hypothesis is good at making a story short once it fails; most of what it tells in a few hundred stories is much the same. Here
each story has some kinds of steps, some knobs and some faults of its own ("swarm"), so that what heals everything, such as a
listing from scratch, is not in all of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.drive import people
from tests.drive.story import ENDPOINTS, KNOBS, LAG, OF_ONE_FILE, PASSING, Story

Step = tuple[str, dict[str, Any]]
_STEPS_OF_A_RUN = ["page", "page", "all listed", "promoted", "claimed", "upserted"]
_STEPS_WITH_EFFECTS = ["page", "page", "promoted", "upserted"]
_WEIGHTS = {
    "people_work": 2, "work_is_carried": 4, "work_is_dropped": 4, "work_is_listed_late": 3, "work_while_all_is_listed": 2,
    "work_meanwhile": 3, "turn": 3, "wait": 2, "fail_for_a_while": 4, "fail_with_one_file": 2, "mend": 1, "run": 3, "die": 2,
    "die_there": 2, "lose_credentials": 1, "look_elsewhere": 1,
}  # fmt: skip
_HEALING = {"work_while_all_is_listed", "look_elsewhere"}
_KINDS = (people.FOLDERS, people.FILES, people.CROSSINGS, people.CROSSINGS, people.ABOVE, people.DRIVES)


class Teller:
    """Chooses the steps of one story."""

    def __init__(self, seed: int) -> None:
        self._rng = rng = random.Random(seed)
        self.scope = seed % 10
        heals = rng.random() < 0.4
        self._weights = {
            name: weight for name, weight in _WEIGHTS.items() if rng.random() < 0.75 and (heals or name not in _HEALING)
        } or {"run": 1}
        self._knobs = [name for name in KNOBS if rng.random() < 0.4 and (heals or name != "invalidate_change_tokens")]
        self._waits = [10.0, 100.0, 901.0] + ([86_500.0] if heals else [])
        self._faults = rng.sample(PASSING, 4)
        self.begins_full = rng.random() < 0.85

    def steps(self, count: int) -> list[Step]:
        """What happens."""
        chosen = self._rng.choices(list(self._weights), list(self._weights.values()), k=count)
        return [(name, self._with(name)) for name in chosen]

    def _with(self, name: str) -> dict[str, Any]:
        rng = self._rng
        draw: dict[str, Callable[[], dict[str, Any]]] = {
            "people_work": lambda: {"acts": self._acts()},
            "work_is_carried": lambda: {"acts": self._acts()},
            "work_is_dropped": lambda: {
                "acts": self._acts(), "nth": rng.choice([1, 1, 2, 3]), "name": rng.choice(_STEPS_WITH_EFFECTS),
            },
            "work_is_listed_late": lambda: {"acts": self._acts(), "lag": rng.choice([LAG, 60.0])},
            "work_while_all_is_listed": lambda: {"acts": self._acts(), "nth": rng.randint(1, 5)},
            "work_meanwhile": lambda: {
                "acts": self._acts(), "where": rng.choice(["changes.list", "files.list", "files.get", "files.get_media"]),
                "nth": rng.randint(1, 4),
            },
            "turn": self._turn,
            "wait": lambda: {"seconds": rng.choice(self._waits)},
            "fail_for_a_while": lambda: {
                "where": rng.choice(ENDPOINTS), "what": rng.choice(self._faults), "times": rng.choice([1, 2, 2, 40]),
                "nth": rng.randint(1, 3),
            },
            "fail_with_one_file": lambda: {"x": rng.randrange(12), "what": rng.choice(OF_ONE_FILE)},
            "die": lambda: {"nth": rng.randint(1, 25)},
            "die_there": lambda: {"nth": rng.randint(1, 4), "name": rng.choice(_STEPS_OF_A_RUN)},
            "lose_credentials": lambda: {"where": rng.choice([None, *ENDPOINTS[:3]]), "nth": rng.randint(1, 3)},
            "look_elsewhere": lambda: {"which": rng.randrange(10)},
        }  # fmt: skip
        return draw[name]() if name in draw else {}

    def _acts(self) -> list[people.Act]:
        return [self._act() for _ in range(self._rng.choice([1, 1, 2, 3]))]

    def _act(self) -> people.Act:
        rng = self._rng
        return rng.choice(rng.choice(_KINDS)), rng.randrange(12), rng.randrange(12), rng.randrange(8)

    def _turn(self) -> dict[str, Any]:
        name = self._rng.choice(self._knobs or ["coalesce"])
        return {"turned": (name, self._rng.choice(KNOBS[name]))}


def tell(story: Story, scope: int, steps: list[Step], begins_full: bool) -> None:
    """Let it happen, and judge the end. Raises AssertionError with all steps."""
    try:
        story.begin(which=scope)
        if begins_full:
            story.run()
        for name, how in steps:
            getattr(story, name)(**how)
        story.come_to_rest()
    except Exception as exc:
        told = "\n".join(f"    ({name!r}, {how!r})," for name, how in steps)
        exc.add_note(f"scope {scope}, filled first: {begins_full}, steps [\n{told}\n]")
        raise
    finally:
        story.end()


def shorter(tells: Callable[[list[Step]], bool], steps: list[Step]) -> list[Step]:
    """As few of the steps, each with as few acts, as still make `tells` false."""
    at = 0
    while at < len(steps):
        without = steps[:at] + steps[at + 1 :]
        if not tells(without):
            steps = without
            continue
        name, how = steps[at]
        acts = how.get("acts", [])
        for one in reversed(range(len(acts) if len(acts) > 1 else 0)):
            fewer = [*steps[:at], (name, how | {"acts": acts[:one] + acts[one + 1 :]}), *steps[at + 1 :]]
            if not tells(fewer):
                steps, acts = fewer, acts[:one] + acts[one + 1 :]
                how = how | {"acts": acts}
        at += 1
    return steps
