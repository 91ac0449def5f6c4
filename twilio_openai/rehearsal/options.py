"""How the stand-in model behaves."""

from dataclasses import dataclass, field

from twilio_openai.rehearsal.answers import Pacing
from twilio_openai.rehearsal.hearing import Hearing


@dataclass
class Options:
    """All defaults are those of a good day."""

    pacing: Pacing = field(default_factory=Pacing)
    hearing: Hearing = field(default_factory=Hearing)
    api_key: str | None = None
    """The key that is accepted; None: any."""
    refuse_status: int | None = None
    """Refuse the upgrade with this HTTP status."""
    refuse_code: str | None = None
    """Refuse the session after the upgrade, with this error code: one of `model.CLOSES`."""
    update_ms: float | None = 5.0
    """From `session.update` to `session.updated`; None: it never comes."""
    expires_s: float = 3600.0
    """The session's longest life."""
    truncate_at_zero: bool = False
    """Whether an item may be truncated to nothing."""
    batch_done: bool = True
    """Several messages of one answer are closed together, just before `response.done`."""
    beta_names: bool = False
    """Events carry the names that they had before 2025-08."""
    echo_event_id: bool = True
    """An error names the client's event that it answers."""
    odd: bool = True
    """Now and then an event or a field that nobody knows."""
    seed: int = 0
