"""The original calculator, which is not changed, with a header that names the instance."""

import os

from original import app


@app.after_request
def name(response):
    response.headers["X-Instance-Id"] = os.environ["INSTANCE_ID"]
    return response
