# Kelly as a service in a container: docker build -t kelly . && docker compose up (compose.yaml says the rest).
FROM node:22-slim AS page

COPY studio /kelly/studio
RUN cd /kelly/studio && npm install --no-save && npm run build

FROM python:3.11-slim

# Nothing in here needs to be root, and nothing but /data is written to.
RUN useradd --create-home kelly && install --directory --owner kelly /data

COPY pyproject.toml hatch_build.py README.md LICENSE /kelly/
COPY src /kelly/src
COPY --from=page /kelly/src/kelly/serving/page /kelly/src/kelly/serving/page
RUN pip install --no-cache-dir "/kelly[postgres]"

# Fonts are looked through once, not by every worker.
ENV MPLCONFIGDIR=/data/matplotlib
USER kelly
VOLUME /data
EXPOSE 8000
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz')"]

# An address that other machines can reach: it does not start without a token (--token-file or KELLY_TOKEN).
ENTRYPOINT ["kelly", "serve", "--host", "0.0.0.0", "--folder", "/data"]
