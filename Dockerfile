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
COPY requirements.txt ./

# The sections of requirements.txt that a program needs, all else at the versions pinned there.
FROM base AS run
RUN awk '/^# == /{section = $3} section == "run:"' requirements.txt > requirements-run.txt \
    && pip install --constraint requirements.txt -r requirements-run.txt

FROM run AS page
RUN awk '/^# == /{section = $3} section == "demo:"' requirements.txt > requirements-demo.txt \
    && pip install --constraint requirements.txt -r requirements-demo.txt

FROM page AS checks
RUN pip install -r requirements.txt

FROM run AS gpu
COPY requirements-gpu.txt ./
RUN awk '/^# == /{section = $3} section == "gpu" || /^nvidia-/' requirements-gpu.txt > requirements-cuda.txt \
    && pip install --constraint requirements.txt -r requirements-cuda.txt
# What the NVIDIA container runtime is to hand in: its driver, for computing alone.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

FROM gpu AS train
COPY LICENSE ./
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
COPY LICENSE ./
COPY bin bin
COPY jmvae_tf jmvae_tf
COPY saved_models saved_models
USER jmvae
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:7860/', timeout=4)"]
ENTRYPOINT ["/app/bin/demo", "--host=0.0.0.0"]
