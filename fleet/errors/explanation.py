"""Say what the words for an error are made of."""

from dataclasses import dataclass
from typing import Literal

Actor = Literal["you", "Tesla", "operator", "nobody"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Say in a title and a sentence or two what happened, and who must act."""

    title: str
    words: str
    who: Actor
