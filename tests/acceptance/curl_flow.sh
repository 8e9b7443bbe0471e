#!/bin/sh
# From a prompt to a file with nothing but curl and jq: submit, poll the address that was given, download.
# Usage: curl_flow.sh <server> <key> <body.json> <folder> [<header>...], with headers of the submit such as
# "Idempotency-Key: 7". Prints one line of JSON about the job, or says why there is no video (status 1) or no
# job (status 2). Leaves submit.json, submit.headers, job.json and the downloads in the folder.
set -eu
server=$1 key=$2 body=$3 folder=$4
shift 4
for header; do
    shift
    set -- "$@" --header "$header"
done
tries=600

code=$(curl --silent --show-error "$server/api/v1/videos" "$@" \
    --header "Authorization: Bearer $key" --header "Content-Type: application/json" --data "@$body" \
    --output "$folder/submit.json" --dump-header "$folder/submit.headers" --write-out '%{http_code}')
if [ "$code" != 202 ]; then
    jq --raw-output '.error | "\(.code): \(.message)", (.metadata.problems[]?.field | "see \(.)")' \
        "$folder/submit.json" >&2
    exit 2
fi
polling_url=$(jq --exit-status --raw-output .polling_url "$folder/submit.json")

while :; do
    curl --silent --show-error --fail-with-body --output "$folder/job.json" "$polling_url" \
        --header "Authorization: Bearer $key"
    case $(jq --raw-output .status "$folder/job.json") in
        completed) break ;;
        pending | in_progress) ;;
        *) jq --raw-output '"\(.status): \(.error)"' "$folder/job.json" >&2; exit 1 ;;
    esac
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "the job takes too long" >&2; exit 1; }
    sleep 0.2
done

# The link as it is needs no key; the address before its question mark needs one.
link=$(jq --exit-status --raw-output '.unsigned_urls[0]' "$folder/job.json")
curl --silent --show-error --fail --output "$folder/by-link.mp4" "$link"
curl --silent --show-error --fail --location --output "$folder/by-key.mp4" "${link%%\?*}" \
    --header "Authorization: Bearer $key"
refused=$(curl --silent --output "$folder/refused.json" --write-out '%{http_code}' "${link%%\?*}")

jq --compact-output --arg polling_url "$polling_url" --arg refused "$refused" \
    '{job_id: .id, generation_id, usage, polling_url: $polling_url, without_key: $refused}' "$folder/job.json"
