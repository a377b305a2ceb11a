#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: two databases, each open to its own user only.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv airflow_password AIRFLOW_DATABASE_PASSWORD
\getenv warehouse_password WAREHOUSE_DATABASE_PASSWORD
CREATE USER airflow PASSWORD :'airflow_password';
CREATE USER greenlight PASSWORD :'warehouse_password';
CREATE DATABASE airflow OWNER airflow;
CREATE DATABASE warehouse OWNER greenlight;
REVOKE ALL ON DATABASE airflow, warehouse FROM PUBLIC;
SQL
