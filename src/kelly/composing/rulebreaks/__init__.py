"""Rule-breaks: 21 rules of good music, each broken on purpose, each for a reason.

Conventions: a break has a severity in 0..1 and acts at one or two stages: on the plan before a note is written, on a
section's chords before they are voiced, on the finished score, on the sound of the render (`rulebreaks.csv`). The
user asks for a break by name and reason; a feeling may trigger one. `registry` says which act; one module a group
says how.
"""

from kelly.composing.rulebreaks.registry import (
    Broken,
    RuleBreak,
    break_chords,
    break_plan,
    break_score,
    choose,
    describe,
    effects,
    names,
)

__all__ = [
    "Broken",
    "RuleBreak",
    "break_chords",
    "break_plan",
    "break_score",
    "choose",
    "describe",
    "effects",
    "names",
]
