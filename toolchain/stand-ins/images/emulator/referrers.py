"""What ECR's registry has and ministack's lacks: artifacts that belong to an image, and tags that can be taken from one.

- A manifest with a `subject` is a referrer of it: the answer to its push says so, and `/v2/<repository>/referrers/<digest>` lists them.
- `BatchDeleteImage` by tag takes the tag; the image goes with its last one.

Source: OCI distribution specification 1.1, "Listing Referrers"; ECR API reference, BatchDeleteImage.
"""

import json
import re

from ministack import app
from ministack.services import ecr

_PATH = re.compile(r"/v2/(?P<name>.+)/referrers/(?P<digest>sha256:[0-9a-f]{64})$")
_INDEX = "application/vnd.oci.image.index.v1+json"

_is_ecr_registry_path = app._is_ecr_registry_path
_handle_registry_request = ecr.handle_registry_request
_batch_delete_image = ecr._batch_delete_image
_v2_put_manifest = ecr._v2_put_manifest


def _subject(manifest):
    try:
        return (json.loads(manifest).get("subject") or {}).get("digest")
    except (ValueError, AttributeError):
        return None


def _descriptor(image):
    manifest = json.loads(image["imageManifest"])
    return {
        "mediaType": image["imageManifestMediaType"],
        "digest": image["imageDigest"],
        "size": len(image["imageManifest"].encode()),
        "artifactType": manifest.get("artifactType", ""),
        "annotations": manifest.get("annotations", {}),
    }


def is_ecr_registry_path(path):
    return _PATH.match(path) is not None or _is_ecr_registry_path(path)


async def handle_registry_request(method, path, headers, body, query_params):
    match = _PATH.match(path)
    if not match or method.upper() != "GET":
        return await _handle_registry_request(method, path, headers, body, query_params)
    name = match["name"]
    lowered = {key.lower(): value for key, value in (headers or {}).items()}
    ecr._select_registry_request_scope(name, lowered, query_params)
    missing = ecr._ensure_repo_exists(name)
    if missing is not None:
        return missing
    referrers = [_descriptor(image) for image in ecr._images.get(name, []) if _subject(image["imageManifest"]) == match["digest"]]
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": referrers}
    return ecr._registry_ok(200, {"Content-Type": _INDEX}, json.dumps(index).encode())


def put_manifest(name, ref, headers, body):
    status, answer, content = _v2_put_manifest(name, ref, headers, body)
    subject = _subject(body) if status == 201 else None
    return status, {**answer, **({"OCI-Subject": subject} if subject else {})}, content


def batch_delete_image(data):
    whole = []
    taken = []
    for image_id in data.get("imageIds", []):
        tag = None if image_id.get("imageDigest") else image_id.get("imageTag")
        image = ecr._find_image(data.get("repositoryName", ""), image_id) if tag else None
        if image and len(image["imageTags"]) > 1:
            image["imageTags"].remove(tag)
            if image["imageId"].get("imageTag") == tag:
                image["imageId"]["imageTag"] = image["imageTags"][0]
            taken.append({"imageDigest": image["imageDigest"], "imageTag": tag})
        else:
            whole.append(image_id)
    status, headers, body = _batch_delete_image({**data, "imageIds": whole})
    if status != 200 or not taken:
        return status, headers, body
    answer = json.loads(body)
    return ecr.json_response({**answer, "imageIds": answer["imageIds"] + taken})


def install():
    app._is_ecr_registry_path = is_ecr_registry_path
    ecr.handle_registry_request = handle_registry_request
    ecr._batch_delete_image = batch_delete_image
    ecr._v2_put_manifest = put_manifest
