# The page with its model. On a CPU: docker build -t story-playground .
# For CUDA: docker build --build-arg TORCH=cu128 -t story-playground:cuda .
FROM python:3.12-slim-bookworm

# Which build of torch is installed: cpu, or one for CUDA as in cu126, cu128.
ARG TORCH=cpu

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1 \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    NUMBA_CACHE_DIR=/home/reader/.cache/numba \
    STORY_PLAYGROUND_STORIES=/stories

WORKDIR /app

# What changes rarely comes first: a change of our own code fetches nothing anew.
COPY requirements.txt ./
RUN pip install "torch>=2.8,<2.14" --index-url "https://download.pytorch.org/whl/${TORCH}" \
    && pip install -r requirements.txt

RUN useradd --create-home --uid 1000 reader \
    && mkdir -p /stories /home/reader/.cache \
    && chown reader /stories /home/reader/.cache

COPY app.py README.md LICENSE ./
COPY playground ./playground
COPY story_engine ./story_engine

USER 1000
VOLUME /stories
EXPOSE 7860
# SIGTERM lets the sentences that are being told come to their end, ten seconds at most.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/health', timeout=4)"]

ENTRYPOINT ["python", "app.py"]
CMD ["--log-level", "info"]
