"""The greeting, and its protection where the caller may not interrupt it.

While it is protected nothing is cleared or cut, and the session neither answers nor stops by itself; what the caller
says meanwhile is kept and answered. When it has been heard, the session is told that it may from now on. Between that
and its confirmation a turn may be committed under the old rule: then we ask for its answer.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Greeting:
    """The state of one call's greeting. `answer` is the answer that greets, once it has begun."""

    protected: bool
    answer: str | None = None
    spoken_into: bool = False
    lifting: bool = False

    @property
    def auto_answers(self) -> bool:
        """Whether the session answers the caller's turns by itself."""
        return not (self.protected or self.lifting)

    def began(self, response_id: str) -> None:
        """An answer has begun; the first is the greeting."""
        self.answer = self.answer or response_id

    def lift(self) -> bool:
        """It was heard: the protection ends. Whether the caller has said something that waits for its answer."""
        self.protected, self.lifting = False, True
        return self.spoken_into

    def lifted(self) -> None:
        """The session has confirmed it."""
        self.lifting = False
