"""The route for a small picture of a photo."""

from base64 import b64encode
from dataclasses import asdict

from fastapi import APIRouter, Request, Response

from facecraft.errors import InvalidOption
from facecraft.imaging.formats import MEDIA_TYPES
from facecraft.service.openapi import UPLOAD_ERRORS, problems
from facecraft.service.request.schemas import takes_photo
from facecraft.service.response.schemas import ImageBody, PreviewBody, SourceBody
from facecraft.service.routes.portraits import await_connected, receive_form
from facecraft.service.state import ServiceDep

router = APIRouter()


@router.post(
    "/preview",
    summary="Preview a photo",
    response_class=Response,
    openapi_extra=takes_photo("Preview"),
    responses={
        200: {"description": "A small picture of the photo", "model": PreviewBody},
        **problems(*UPLOAD_ERRORS),
    },
)
async def preview(request: Request, service: ServiceDep) -> Response:
    """Answer with a small picture of a photo, upright, in a format that every browser shows.

    No face is looked for.
    """
    pipeline = service.ensure_ready().pipeline
    async with receive_form(request, service) as form:
        for name in form.fields:
            raise InvalidOption(f"There is no option {name!r}: /preview takes only the file.")

        def work() -> Response:
            made = pipeline.preview(form.content)
            image = ImageBody(
                media_type=MEDIA_TYPES[made.format],
                width=made.width,
                height=made.height,
                quality=made.quality,
                base64=b64encode(made.data).decode("ascii"),
            )
            body = PreviewBody(source=SourceBody(**asdict(made.source)), image=image)
            return Response(body.model_dump_json(), media_type="application/json")

        return await await_connected(request, service.admission.run(work))
