FROM python:3.11-slim AS build
WORKDIR /build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/daozhang
COPY requirements.txt ./
RUN /opt/daozhang/bin/pip install --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md ./
COPY bot bot
COPY knowledge knowledge
COPY triage triage
RUN /opt/daozhang/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /data daozhang
COPY --from=build /opt/daozhang /opt/daozhang
ENV PATH=/opt/daozhang/bin:$PATH PYTHONUNBUFFERED=1 DAOZHANG_HOST=0.0.0.0 DAOZHANG_DATA_DIR=/data
USER daozhang
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["daozhang", "serve"]
