# The program, its database's client and nothing to build with; see docs/operations.md.
FROM python:3.11-slim-trixie AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1
WORKDIR /src
COPY . .
RUN sh .ci/image/build /opt/shiyao

FROM python:3.11-slim-trixie
# pg_dump and pg_restore, for backups: not older than the server of compose.yaml.
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 10001 -g 10001 -m 700 /var/lib/shiyao
COPY --from=build /opt/shiyao /opt/shiyao
ENV PATH=/opt/shiyao/bin:$PATH \
    HOME=/var/lib/shiyao \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SHIYAO_VAR=/var/lib/shiyao \
    SHIYAO_LOG_FILE=- \
    SHIYAO_LOG_FORMAT=json
USER 10001:10001
WORKDIR /var/lib/shiyao
VOLUME /var/lib/shiyao
EXPOSE 8501
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=4 \
    CMD ["python", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:8501/_health', timeout=8)"]
ENTRYPOINT ["shiyao"]
CMD ["serve", "--address=0.0.0.0", "--no-sample"]
