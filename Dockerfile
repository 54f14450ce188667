# Targets: `train` (for GPUs, runs on the CPU too), `test` and `demo`. docs/docker.md has the commands.

FROM python:3.11.14-slim-bookworm AS base
# Whatever user runs the container can write its caches; the application itself is read-only.
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib \
    TF_CPP_MIN_LOG_LEVEL=3
RUN useradd --uid 1000 --create-home --shell /usr/sbin/nologin jmvae \
    && mkdir -p /data /workspace/runs /workspace/saved_models \
    && chown -R jmvae:jmvae /data /workspace \
    && chmod -R a+rwX /data /workspace
WORKDIR /app
# Only files whose hashes are in the locks are installed, not even another to build one with. The
# sections of requirements.lock hold what a kind of program needs and the sections before do not.
ENV PIP_REQUIRE_HASHES=1 \
    PIP_NO_DEPS=1
COPY requirements.txt requirements-build.lock requirements.lock ./
RUN pip install -r requirements-build.lock

FROM base AS run
RUN awk '/^# == /{section = $3} section == "run"' requirements.lock > requirements-run.lock \
    && pip install --no-build-isolation -r requirements-run.lock

FROM run AS page
RUN awk '/^# == /{section = $3} section == "demo"' requirements.lock > requirements-demo.lock \
    && pip install -r requirements-demo.lock

FROM page AS checks
RUN pip install --no-build-isolation -r requirements.lock

FROM run AS gpu
COPY requirements-gpu.lock ./
RUN pip install -r requirements-gpu.lock
# What the NVIDIA container runtime is to hand in: its driver, for computing alone.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

FROM gpu AS train
COPY LICENSE NOTICE ./
COPY bin bin
COPY jmvae_tf jmvae_tf
USER jmvae
# Runs and SavedModels go below it: mount /workspace, and data on /data.
WORKDIR /workspace
ENTRYPOINT ["/app/bin/train"]

FROM checks AS test
# Tests write caches beside themselves.
COPY --chown=jmvae:jmvae . .
RUN chown jmvae:jmvae .
USER jmvae
ENTRYPOINT ["/app/bin/test"]

FROM page AS demo
COPY LICENSE NOTICE ./
COPY bin bin
COPY jmvae_tf jmvae_tf
COPY saved_models/shipped saved_models/shipped
USER jmvae
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:7860/', timeout=4)"]
ENTRYPOINT ["/app/bin/demo", "--host=0.0.0.0"]
