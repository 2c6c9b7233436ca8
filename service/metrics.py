"""Numbers about the service for Prometheus; no case, person or unit is in them."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20)


class Metrics:
    """Counts calls and suggestions of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._calls = Counter("pathway_calls", "Calls answered", ["method", "route", "status"], registry=self._registry)
        self._seconds = Histogram(
            "pathway_call_seconds", "Time to answer", ["method", "route"], buckets=_SECONDS, registry=self._registry
        )
        self._ready = Gauge("pathway_ready", "1 when the service can do its work", registry=self._registry)

    def saw(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one call; `route` is the template of its address, never the address."""
        self._calls.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self, ready: bool) -> bytes:
        """Write all numbers as Prometheus reads them."""
        self._ready.set(ready)
        return generate_latest(self._registry)
