# Stages: `packages` has what the program needs, `program` the program too; `server` is what runs, `tests` is for
# docker-compose.test.yml; the last line makes `server` what a plain `docker build` ends with. PYTHON_IMAGE may be any
# image with Python >= 3.11 and pip: docs/containers.md tells how to make one where no registry can be reached.
ARG PYTHON_IMAGE=python:3.12-slim


FROM ${PYTHON_IMAGE} AS packages
# The package index of whoever builds. These stay in this stage: the image that runs does not know them.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_TRUSTED_HOST
ARG PIP_NO_INDEX
ARG PIP_CERT
ENV PIP_FIND_LINKS=/build/wheelhouse
WORKDIR /build
# `wheelhouse*` matches nothing where there is none: see docs/containers.md.
COPY pyproject.toml constraints.txt deploy/requirements.py deploy/install.sh wheelhouse* wheelhouse/
# The virtual environment gets no pip of its own and no package's tests: the server is spared the weight.
RUN python3 -m venv --without-pip /opt/venv \
    && python3 wheelhouse/requirements.py wheelhouse/pyproject.toml >requirements.txt \
    && sh wheelhouse/install.sh -r requirements.txt \
    && find /opt/venv -type d -name tests -prune -exec rm -rf {} +


FROM packages AS program
COPY pyproject.toml README.md ./
COPY twilio_openai twilio_openai
RUN sh wheelhouse/install.sh --no-deps .


FROM ${PYTHON_IMAGE} AS server
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
# Whom the server runs as: a number that needs no tool of the base image, and a home that it may write.
RUN echo 'agent:x:10001:10001::/data:/bin/sh' >>/etc/passwd \
    && echo 'agent:x:10001:' >>/etc/group \
    && mkdir -p /app/agent /data \
    && chown 10001:10001 /data
COPY --from=program /opt/venv /opt/venv
WORKDIR /app
USER 10001:10001
ENV HOME=/data DATABASE_URL=sqlite:////data/calls.sqlite3
EXPOSE 5001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 CMD ["python3", "-c", \
    "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('PORT') or 5001), timeout=3); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["twilio-openai", "serve"]


FROM packages AS tests
RUN python3 wheelhouse/requirements.py wheelhouse/pyproject.toml dev >requirements.txt \
    && sh wheelhouse/install.sh -r requirements.txt
WORKDIR /app
COPY . .
# Editable: docker-compose.test.yml mounts the checkout over /app, and that is what is tested.
RUN sh /build/wheelhouse/install.sh --no-deps -e .
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis
CMD ["python3", "-m", "pytest", "-p", "no:cacheprovider"]


FROM server
