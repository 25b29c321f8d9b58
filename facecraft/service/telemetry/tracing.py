"""OpenTelemetry traces, where OpenTelemetry's own variables ask for them."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp

from facecraft.errors import SettingInvalid

ASKING = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
UNTRACED = "health,ready,metrics"


@dataclass(frozen=True, slots=True)
class Tracing:
    """How requests are traced.

    Attributes:
        around: an application that makes a span of each request to the given one.
        end: sends the last spans; it may wait for the collector.
    """

    around: Callable[[ASGIApp], ASGIApp]
    end: Callable[[], None]


def tracing() -> Tracing:
    """Spans for the collector that the variables name; where they name none, nothing at all.

    Raises:
        SettingInvalid: a variable asks for traces, and the extra `otel` is not installed.
    """
    asking = [name for name in ASKING if os.environ.get(name)]
    if not asking:
        return Tracing(around=lambda app: app, end=lambda: None)
    try:
        # Not installed by default, and no one else waits for it.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.util.http import ExcludeList  # noqa: PLC0415
    except ImportError as error:
        raise SettingInvalid(
            f"{asking[0]} asks for traces, but {error.name} is not installed.",
            hint="Install facecraft[otel], or unset the variable.",
        ) from error
    name = os.environ.get("OTEL_SERVICE_NAME", "facecraft")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))

    def around(app: ASGIApp) -> ASGIApp:
        traced: ASGIApp = OpenTelemetryMiddleware(
            app,
            excluded_urls=ExcludeList(UNTRACED.split(",")),
            tracer_provider=provider,
            exclude_spans=["receive", "send"],
        )
        return traced

    return Tracing(around, provider.shutdown)
