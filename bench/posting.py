"""The anchor of `bench.webhooks`: one Celery task a delivery, with a pooled client.

python -m bench.posting COUNT    puts so many into the queue
"""

import os
import sys
import time

import httpx
from celery import Celery

from webhooks import signing

app = Celery(
    "posting", broker=os.environ["REDIS_URL"].replace("unix://", "redis+socket://")
)
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 64
_KEY = b"k" * 32
_client = httpx.Client(verify=False, timeout=15)  # noqa: S501  # the sink signs itself


@app.task
def deliver(message_id: str, body: str) -> None:
    """Sign and post one body."""
    at_s = int(time.time())
    content = body.encode()
    _client.post(
        os.environ["SINK"],
        content=content,
        headers={
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signing.signature([_KEY], message_id, at_s, content),
        },
    ).raise_for_status()


if __name__ == "__main__":
    _body = '{"createdAt":"2026-01-01T00:00:00.000Z","data":"' + "x" * 350 + '"}'
    for _number in range(int(sys.argv[1])):
        deliver.delay(f"msg_{_number}", _body)
