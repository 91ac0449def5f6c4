"""Figures for Prometheus, in its naming conventions."""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


@dataclass
class Metrics:
    """The metrics of one server process, in a registry of their own."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        page = self.registry
        self.active = Gauge("twilio_openai_calls_active", "Calls with an open media stream", registry=page)
        self.calls = Counter("twilio_openai_calls", "Calls that are over", ["ended_by"], registry=page)
        self.refused = Counter("twilio_openai_refused", "Requests and streams refused", ["reason"], registry=page)
        self.barge_ins = Counter("twilio_openai_barge_ins", "Times that a caller cut in", registry=page)
        self.duration = Histogram(
            "twilio_openai_call_duration_seconds",
            "Length of calls",
            buckets=(5, 15, 30, 60, 120, 300, 600, 1800, 3600),
            registry=page,
        )

    def text(self) -> bytes:
        """The page that Prometheus scrapes."""
        return generate_latest(self.registry)
