#!/bin/sh
# From a prompt to a file with nothing but curl and jq: submit, poll the address that was given, download.
# Usage: curl_flow.sh <server> <key> <body.json> <folder>. Prints one line of JSON about the job.
set -eu
server=$1 key=$2 body=$3 folder=$4
tries=600

placed=$(curl --silent --show-error --fail-with-body "$server/api/v1/videos" \
    --header "Authorization: Bearer $key" --header "Content-Type: application/json" --data "@$body")
polling_url=$(printf '%s' "$placed" | jq --exit-status --raw-output .polling_url)

while :; do
    job=$(curl --silent --show-error --fail-with-body "$polling_url" --header "Authorization: Bearer $key")
    case $(printf '%s' "$job" | jq --raw-output .status) in
        completed) break ;;
        pending | in_progress) ;;
        *) printf '%s' "$job" | jq --raw-output '"\(.status): \(.error)"' >&2; exit 1 ;;
    esac
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "the job takes too long" >&2; exit 1; }
    sleep 0.2
done

# The link as it is needs no key; the address before its question mark needs one.
link=$(printf '%s' "$job" | jq --exit-status --raw-output '.unsigned_urls[0]')
curl --silent --show-error --fail --output "$folder/by-link.mp4" "$link"
curl --silent --show-error --fail --location --output "$folder/by-key.mp4" "${link%%\?*}" \
    --header "Authorization: Bearer $key"
refused=$(curl --silent --output "$folder/refused.json" --write-out '%{http_code}' "${link%%\?*}")

printf '%s' "$job" | jq --compact-output --arg polling_url "$polling_url" --arg refused "$refused" \
    '{job_id: .id, generation_id, usage, polling_url: $polling_url, without_key: $refused}'
