#!/bin/bash
# Runs once, when the database's volume is empty: makes the roles, and gives each the password from its secret.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -U postgres -f /roles.sql
for pair in owner:owner rt:runtime jobs:jobs; do
	psql -v ON_ERROR_STOP=1 -U postgres -v role="einverstanden_${pair%%:*}" -v password="$(cat "/run/secrets/${pair##*:}")" \
		<<<"ALTER ROLE :\"role\" PASSWORD :'password'"
done
