FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY requirements/uv.txt requirements/run.txt ./
RUN pip install --no-cache-dir --require-hashes -r uv.txt \
    && python -m venv --without-pip /venv \
    && uv pip install --no-cache --python /venv/bin/python --require-hashes \
        --compile-bytecode -r run.txt

FROM python:3.11-slim-bookworm AS console
RUN groupadd --gid 10001 keyfob \
    && useradd --uid 10001 --gid keyfob --no-create-home --shell /usr/sbin/nologin keyfob \
    && install --directory --owner=keyfob --group=keyfob --mode=0700 /data
COPY --from=build /venv /venv
WORKDIR /keyfob
COPY manage.py LICENSE ./
COPY accounts accounts
COPY api api
COPY billing billing
COPY console console
COPY energy energy
COPY events events
COPY fleet fleet
COPY static static
COPY telemetry telemetry
COPY templates templates
COPY tokens tokens
COPY vehicles vehicles
COPY webhooks webhooks
ENV PATH=/venv/bin:$PATH DATA=/data PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN python -m compileall -q accounts api billing console energy events fleet telemetry \
    tokens vehicles webhooks
USER 10001:10001
EXPOSE 8000
CMD ["granian", "--interface", "asgi", "--http", "1", "--host", "0.0.0.0", \
     "--port", "8000", "--no-access-log", "--log-level", "warning", \
     "--backpressure", "16384", "--workers-kill-timeout", "10", \
     "console.asgi:application"]

FROM build AS build-demo
COPY requirements/demo.txt ./
RUN uv pip install --no-cache --python /venv/bin/python --require-hashes \
        --compile-bytecode -r demo.txt

# The simulated Tesla of the profile `demo`; it holds nothing of the console.
FROM console AS simulator
USER 0:0
RUN rm -rf /keyfob
COPY --from=build-demo /venv /venv
COPY simulator /keyfob/simulator
USER 10001:10001
EXPOSE 8001
CMD ["python", "-m", "simulator", "--host", "0.0.0.0", "--port", "8001"]

# What `docker build .` makes.
FROM console
