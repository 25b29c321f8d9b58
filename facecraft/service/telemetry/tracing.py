"""Send OpenTelemetry traces if OpenTelemetry's environment variables are set."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp

from facecraft.errors import SettingInvalid

ENDPOINT_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
UNTRACED = ("health", "ready", "metrics")


@dataclass(frozen=True, slots=True)
class Tracing:
    """The tracing of requests.

    Attributes:
        wrap: returns an application that makes a span for each request.
        shutdown: sends the last spans. It may wait for the collector.
    """

    wrap: Callable[[ASGIApp], ASGIApp]
    shutdown: Callable[[], None]


def configure_tracing() -> Tracing:
    """Send spans to the collector in the variables; without a variable, do nothing.

    Raises:
        SettingInvalid: a variable is set, but the extra `otel` is not installed.
    """
    variables = [name for name in ENDPOINT_VARIABLES if os.environ.get(name)]
    if not variables:
        return Tracing(wrap=lambda app: app, shutdown=lambda: None)
    try:
        # An optional extra, and slow to import.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.util.http import ExcludeList  # noqa: PLC0415
    except ImportError as error:
        raise SettingInvalid(
            f"{variables[0]} is set, but {error.name} is not installed.",
            hint="Install facecraft[otel], or unset the variable.",
        ) from error
    service_name = os.environ.get("OTEL_SERVICE_NAME", "facecraft")
    provider = TracerProvider(resource=Resource.create({"service.name": service_name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))

    def wrap(app: ASGIApp) -> ASGIApp:
        traced: ASGIApp = OpenTelemetryMiddleware(
            app,
            excluded_urls=ExcludeList(UNTRACED),
            tracer_provider=provider,
            exclude_spans=["receive", "send"],
        )
        return traced

    return Tracing(wrap, provider.shutdown)
