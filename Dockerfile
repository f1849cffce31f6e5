# syntax=docker/dockerfile:1
FROM python:3.13-slim AS builder
WORKDIR /build
COPY requirements.lock ./
# Only files whose hash stands in the lock; the project itself then takes of them what it declares, and no tool.
RUN python -m venv tools \
    && tools/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
    && tools/bin/pip wheel --no-cache-dir --require-hashes --no-deps --use-pep517 --no-build-isolation -r requirements.lock -w wheels
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY parsers parsers
COPY config config
COPY migrations migrations
RUN tools/bin/python -m build --wheel --no-isolation --outdir dist . \
    && python -m venv /opt/interest-ingest \
    && /opt/interest-ingest/bin/pip install --no-cache-dir --no-index --find-links wheels "$(echo dist/*.whl)[postgres,mysql,dkim]" \
    && /opt/interest-ingest/bin/python -m compileall -q /opt/interest-ingest/lib

FROM python:3.13-slim
COPY --from=builder /opt/interest-ingest /opt/interest-ingest
RUN install -d -o 10001 -g 10001 -m 0700 /var/lib/interest-ingest
ENV PATH=/opt/interest-ingest/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    INTEREST_INGEST_CONFIG=/etc/interest-ingest/interest_ingest.toml
# A number, not a name: Kubernetes refuses runAsNonRoot for names.
USER 10001:10001
WORKDIR /var/lib/interest-ingest
VOLUME /var/lib/interest-ingest
STOPSIGNAL SIGTERM
# Healthy: every mailbox completed a poll within three of its intervals.
HEALTHCHECK --interval=60s --timeout=10s --start-period=120s --retries=3 CMD ["interest-ingest", "check", "--polled"]
ENTRYPOINT ["interest-ingest"]
CMD ["run"]
