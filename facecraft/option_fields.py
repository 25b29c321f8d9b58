"""The options of one portrait: the type, range and meaning of each."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from facecraft.colours import BackgroundText
from facecraft.ranges import Share, ShareRange, as_integer
from facecraft.types import ImageFormat
from facecraft.whose import Whose

Layout = Literal["4x6in", "5x7in", "10x15cm", "13x18cm", "a6", "a5", "a4", "letter"]
When = Literal["needed", "always"]
Area = Literal["photo", "head", "face"]
Damaged = Literal["refuse", "accept"]
MaskShape = Literal["none", "oval", "circle", "rounded"]
FaceCount = Annotated[int, Field(strict=True, ge=1, le=1000)]


class OptionFields(BaseModel):
    """What is asked for, in the order in which the steps run. `Options` refuses what excludes each other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str | None = Field(
        default=None,
        description="Name of a preset (see GET /presets). Options that are given override the preset's.",
    )
    face: Whose = Field(
        default="largest",
        description="Whose portrait it is: the largest face, or the one nearest to the center, of those that "
        "the photo's edge does not cut if there are any; a number, where 1 is the first of POST /detect; or "
        "x,y, a pixel of the upright photo in the face or near it.",
    )
    each: bool = Field(
        default=False,
        description="Whether every face that the photo's edge does not cut gets a portrait of its own. "
        "POST /process answers with a ZIP then.",
    )
    damaged: Damaged = Field(
        default="refuse",
        description="What is done with a file that is cut off or broken. accept: the portrait is made of the "
        "part that is there; it has the note damaged, and no document's rules pass.",
    )
    restorer: str = Field(
        default="auto",
        description="auto (what the measured damage needs), none, or the name of a loaded restorer.",
    )
    when: When | None = Field(
        default=None,
        description="needed: a good photo is left as it is. always: it is restored too. Default: needed for "
        "restorer=auto, always for a restorer that is named.",
    )
    area: Area | None = Field(
        default=None,
        description="What is cleaned: the whole photo, an upright box around each head, or the square of "
        "each face. Restorers of faces know face only. Default: photo for cleaning, else face.",
    )
    strength: Share = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Weight of the restored pixels against the original: 0 keeps the original.",
    )
    fidelity: Share | None = Field(
        default=None,
        ge=0,
        le=1,
        description="For restorers that have it (codeformer): 0 for the best quality, 1 for the closest "
        "likeness.",
    )
    max_drift: Share | None = Field(
        default=None,
        ge=0.001,
        le=1,
        description="Limit on how far restoration moves the points of a face on average, in distances "
        "between the eyes. Above it the strength is lowered.",
    )
    faces: Annotated[Literal["all", "largest"] | FaceCount, BeforeValidator(as_integer)] = Field(
        default="all",
        description="Which faces are restored: all, the largest, or a number of the largest. With area=photo "
        "the whole photo is cleaned all the same.",
    )
    upscale: Annotated[Literal[1, 2, 4], BeforeValidator(as_integer)] = Field(
        default=1, description="Factor by which the whole picture becomes wider and higher."
    )
    require_face: bool = Field(default=True, description="Whether a picture without a face is refused.")
    width: int | None = Field(default=None, ge=64, le=4096, description="Width of the portrait, in pixels.")
    height: int | None = Field(default=None, ge=64, le=4096, description="Height of the portrait, in pixels.")
    head: ShareRange | None = Field(
        default=None,
        description="Height of the head, chin to crown, as a share of the portrait's height: a number, or a "
        "range such as 0.6-0.7.",
    )
    margin: Share | None = Field(
        default=None,
        ge=0.05,
        le=4,
        description="Instead of head: the space above and below the head, each in heights of the head.",
    )
    align: bool = Field(
        default=False,
        description="Whether the picture is turned until the eyes are level, as far as the photo has room.",
    )
    eye_line: ShareRange | None = Field(
        default=None, description="Height of the eyes above the lower edge, likewise, such as 0.5-0.58."
    )
    beyond: Literal["avoid", "fill"] = Field(
        default="avoid",
        description="What is done where the photo is too small. avoid: find the crop within the ranges of "
        "head and eye_line that reaches least beyond the photo, and leave the ranges rather than invent a "
        "body. fill: use the middles of the ranges, with a plain area beyond the photo.",
    )
    background: BackgroundText = Field(
        default="keep",
        max_length=100,
        description="keep, transparent, blur, a CSS colour, linear-gradient(top, bottom) or "
        "radial-gradient(middle, edge) of two CSS colours.",
    )
    tone: Literal["auto", "off"] = Field(
        default="off", description="Whether exposure, white balance, contrast and sharpness are corrected."
    )
    mask: MaskShape = Field(
        default="none", description="Shape of the portrait. Outside it is transparent; a JPEG has a colour."
    )
    feather: Share | None = Field(
        default=None,
        ge=0,
        le=0.5,
        description="Width of the mask's soft edge, as a share of the portrait's shorter side.",
    )
    layout: Layout | None = Field(
        default=None, description="Paper that is filled with copies of the portrait and cut marks."
    )
    gap: Share | None = Field(
        default=None,
        ge=0,
        le=50,
        description="Space between the copies on the paper, in mm; 0 for copies that touch, and no border. "
        "Default: 1, or 0 on photo paper where more copies fit.",
    )
    format: Literal["auto", ImageFormat] = Field(
        default="auto",
        description="Format of the answer. auto: that of the photo if it is written and can be transparent "
        "where the portrait is, else JPEG, or PNG for a transparent portrait.",
    )
    quality: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Quality of a JPEG, WebP or AVIF; 90 by default. A PNG is lossless and has none.",
    )
    max_kb: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Largest file, in kilobytes of 1000 bytes. First the quality is lowered, then the size.",
    )
    dpi: int | None = Field(
        default=None,
        ge=36,
        le=1200,
        description="Resolution that is written into the file, in pixels per inch.",
    )
    keep_metadata: bool | Literal["gps", "true,gps"] = Field(
        default=False,
        description="true: date, title, author and copyright of the photo, out of EXIF, IPTC and XMP, are "
        "written into the file. gps: also the place where it was taken. Nothing else ever is.",
    )
