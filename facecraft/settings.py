"""The settings: every FACECRAFT_* environment variable."""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, IPvAnyNetwork, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from facecraft.errors import SettingInvalid
from facecraft.links import find_links, is_address
from facecraft.model_names import detectors, listed, one_of, restorers, segmenters, upscalers
from facecraft.weights.store import default_graphs_dir, default_models_dir

PREFIX = "FACECRAFT_"


class Settings(BaseSettings):
    """The settings of the process, read once when it starts."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on. `::`: all, of IPv4 too.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    models_dir: Path = Field(
        default_factory=default_models_dir,
        description="Folder of the model files. Default: `facecraft/models` in the user's cache.",
    )
    models_lock: Path | None = Field(
        default=None, description="Path of another models.lock. Default: the one in the package."
    )
    detector: Annotated[str, one_of(detectors)] = Field(
        default="auto", description=f"Face detector: {listed(detectors())}. `auto`: centerface."
    )
    restorer: Annotated[str, one_of(restorers)] = Field(
        default="auto",
        description=f"Restorers to load: {listed(restorers())}. `auto`: every one with weights in "
        "the models folder.",
    )
    upscaler: Annotated[str, one_of(upscalers)] = Field(
        default="auto",
        description=f"Models for `upscale`: {listed(upscalers())}. `auto`: every one with weights in "
        "the models folder.",
    )
    matting: Annotated[str, one_of(segmenters)] = Field(
        default="auto",
        description=f"Model that separates a person from the background: {listed(segmenters())}. `auto`: "
        "the first in this list with weights in the models folder.",
    )
    engine: Literal["auto", "torch", "onnxruntime", "openvino"] = Field(
        default="auto",
        description="Engine of the restorers and upscalers. `auto`: torch on cuda, and on a CPU openvino, or "
        "onnxruntime where that is not installed.",
    )
    precision: Literal["auto", "float32"] = Field(
        default="auto",
        description="Number type of the networks. `auto`: torch uses float16 on cuda, and openvino bfloat16 "
        "on a CPU that has it.",
    )
    graphs_dir: Path = Field(
        default_factory=default_graphs_dir,
        description="Folder of the graphs for openvino and onnxruntime, each exported once. Default: "
        "`facecraft/graphs` in the user's cache.",
    )
    license: Literal["any", "commercial"] = Field(
        default="any",
        description="`commercial`: load only models with a licence that allows commercial use.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where the models run. `auto`: cuda if there is one, else cpu."
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="Threads of one inference. 0: one for each processor of the process, up to 16.",
    )
    max_batch: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Largest number of faces restored together, from any requests. 0: 1 on a CPU, 8 on cuda.",
    )
    max_wait_ms: float = Field(
        default=3.0,
        ge=0,
        le=1000,
        description="How long a face waits for others, in milliseconds.",
    )
    workers: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Portraits in work at the same time. 0: twice the largest batch, so 2 on a CPU, "
        "16 on cuda.",
    )
    queue_size: int = Field(
        default=16,
        ge=0,
        le=10_000,
        description="Requests that may wait for a worker; the next one gets a 503.",
    )
    deadline_s: float = Field(
        default=0.0,
        ge=0,
        le=3600,
        description="Seconds from the end of the upload until a request gets a 504. 0: 30 on a CPU, 10 on "
        "cuda.",
    )
    upload_timeout_s: float = Field(
        default=10.0,
        gt=0,
        le=3600,
        description="Seconds without a byte of a body after which its upload ends.",
    )
    min_upload_rate: int = Field(
        default=16_000,
        ge=0,
        le=1_000_000_000,
        description="Least rate of an upload after its first seconds, in bytes per second. 0: none.",
    )
    max_connections: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="Largest number of connections. One more ends the one that waited longest for a request; "
        "if none waits, it gets a 503.",
    )
    max_upload_bytes: int = Field(
        default=50_000_000, ge=1, le=1_000_000_000, description="Largest file that is accepted, in bytes."
    )
    batch_bytes: int = Field(
        default=100_000_000,
        ge=1,
        le=10_000_000_000,
        description="Largest number of bytes that one batch may hold: photos that wait, and portraits that "
        "its client has not read yet; at least the largest file.",
    )
    max_pixels: int = Field(
        default=40_000_000,
        ge=1,
        le=178_000_000,
        description="Largest picture that is decoded, width times height, in pixels. A JPEG may have 5 times "
        "as many where the portrait has a frame or a size.",
    )
    max_frames: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="Largest number of pictures in one file; only the first is used.",
    )
    max_scans: int = Field(
        default=100, ge=1, le=10_000, description="Largest number of scans in a progressive JPEG."
    )
    max_faces: int = Field(
        default=100,
        ge=0,
        le=1000,
        description="Largest number of faces that are restored in one photo. 0: no limit.",
    )
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Keys, separated by commas; a request must have one of them. Empty: none is needed.",
    )
    api_keys_file: Path | None = Field(
        default=None, description="File with more keys, one a line; a line that starts with # is a comment."
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        default=(),
        description="Addresses and networks of proxies whose X-Forwarded-For is believed, separated by "
        "commas, such as `10.0.0.0/8`. Empty: none.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins whose pages may send requests, separated by commas, such as "
        "`https://example.org`. Empty: none.",
    )
    page: Literal["on", "off"] = Field(
        default="on", description="`on`: a page at `/` for trying photos. `off`: no page."
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="Format of the log lines. `json`: each line is a JSON object."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest level of the messages in the log."
    )

    @field_validator("port", mode="before")
    @classmethod
    def _without_link(cls, value: Any) -> Any:
        """The address that Kubernetes puts here for a Service named facecraft counts as not set."""
        linked = isinstance(value, str) and is_address(value)
        return cls.model_fields["port"].default if linked else value

    @field_validator("api_keys", "trusted_proxies", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            tuple(key for key in map(str.strip, value.split(",")) if key) if isinstance(value, str) else value
        )

    @classmethod
    def load(cls) -> Self:
        """Read the settings from the environment. Variables that are links to other services are passed over.

        Raises:
            SettingInvalid: a FACECRAFT_* name is unknown, or a value is outside its range.
        """
        variables = {PREFIX + name.upper() for name in cls.model_fields}
        for name in os.environ.keys() - variables - find_links(os.environ):
            if name.startswith(PREFIX):
                near = get_close_matches(name, variables, n=1, cutoff=0.0)[0]
                raise SettingInvalid(f"There is no variable {name}; did you mean {near}?")
        try:
            return cls()
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = PREFIX + str(first["loc"][0]).upper()
            raise SettingInvalid(f"{name} is wrong: {first['msg']}.") from error
