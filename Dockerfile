# The one image of every Greenlight service in docker-compose.yaml.
#
# BASE may be any Debian or Ubuntu whose python3 is 3.11 to 3.13. A mirror of the package index is a build
# argument; a certificate authority of your own belongs into the base image, with PIP_CERT set to its file.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS python
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*

FROM python AS libraries
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
COPY requirements.txt /tmp/requirements.txt
# What is installed is what requirements.txt names by its hash, and nothing else. It is the list of
# constraints, too: an older pip does not hold name[extra] to the version of name.
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/python -m pip install --no-cache-dir --no-input --disable-pip-version-check --require-hashes \
      --requirement /tmp/requirements.txt --constraint /tmp/requirements.txt
# A bucket for staging and Data Docs needs OPTIONAL_REQUIREMENTS=requirements-s3.txt (docs/object-storage.md).
COPY requirements-*.txt /tmp/
ARG OPTIONAL_REQUIREMENTS
RUN [ -z "$OPTIONAL_REQUIREMENTS" ] \
 || /opt/venv/bin/python -m pip install --no-cache-dir --no-input --disable-pip-version-check --require-hashes \
      --requirement "/tmp/$OPTIONAL_REQUIREMENTS" --constraint "/tmp/$OPTIONAL_REQUIREMENTS"

FROM python
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /opt/airflow --shell /usr/sbin/nologin greenlight \
 && install --directory --owner greenlight --group greenlight --mode 0700 \
      /opt/airflow /var/lib/greenlight /var/lib/greenlight/staging /var/lib/greenlight/docs /var/lib/greenlight/logs
COPY --from=libraries /opt/venv /opt/venv
COPY . /opt/greenlight
# The code belongs to root and everybody may read it, whatever the umask of the checkout was.
RUN chmod -R u=rwX,go=rX /opt/greenlight

# Here and not in docker-compose.yaml, so that `docker exec` finds everything as the services do.
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/opt/greenlight \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/greenlight/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/greenlight/plugins \
    AIRFLOW__LOGGING__BASE_LOG_FOLDER=/var/lib/greenlight/logs \
    GREENLIGHT_STAGING=file:///var/lib/greenlight/staging \
    GREENLIGHT_DOCS=file:///var/lib/greenlight/docs
WORKDIR /opt/greenlight
USER greenlight
CMD ["airflow", "version"]
