"""What is a person told when their workspace opens? Which of their papers end soon, so that nothing closes unforeseen."""

from __future__ import annotations

from datetime import date, timedelta

from rpp_hub.domain.gate import Standing, next_failures, written

_SAID = {
    "irb": "the IRB approval ends; send its renewal to the data manager",
    "agreement": "the data-use agreement ends; ask the data manager about an amendment",
    "umbrella": "the umbrella agreement with the district ends; ask the director when it will be renewed",
    "training": "your human-subjects training ends; upload a new certificate on “My papers”",
    "access-agreement": "your access agreement ends; sign a new one and upload it on “My papers”",
    "third-party": "what covers your work here ends; upload a new agreement on “My papers”",
}
READING = "This workspace was opened for reading: notebooks can be looked at, and nothing is run or saved."


def notices(standing: Standing, today: date, days: int, *, reading: bool) -> dict[str, str]:
    """By a name that stays the same. Whoever only reads is told so, and needs none of what work needs."""
    if reading:
        return {"reading": READING}
    soon = (
        (rule.name, day) for rule, day in next_failures(standing, today) if day <= today + timedelta(days)
    )
    return {
        f"ends-{name}": f"This workspace closes on {written(day)}, when {_SAID[name]}."
        for name, day in soon
        if name in _SAID
    }
