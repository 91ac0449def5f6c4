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
        self.store_lag = Gauge("twilio_openai_store_lag_seconds", "Age of the oldest change not stored", registry=page)
        self.store_queued = Gauge("twilio_openai_store_queued", "Changes not stored yet", registry=page)
        self.duration = self._histogram("call_duration", "Length of calls", (5, 15, 30, 60, 120, 300, 600, 1800, 3600))
        self.answer = self._histogram(
            "answer_latency",
            "End of the caller's last word to first audio",
            (0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 5),
        )
        self.barge_in = self._histogram(
            "barge_in_reaction", "Caller's first sound to clear", (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1)
        )
        self.loop_lag = self._histogram(
            "event_loop_lag", "How late the event loop is", (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)
        )

    def _histogram(self, name: str, what: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"twilio_openai_{name}_seconds", what, buckets=buckets, registry=self.registry)

    def text(self) -> bytes:
        """The page that Prometheus scrapes."""
        return generate_latest(self.registry)
