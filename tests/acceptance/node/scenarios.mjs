// Runs named scenarios beside each other, and tells what came of each in a line of JSON.
// Judging is left to the reader.
import { readFileSync } from "node:fs";

/** What the caller has written to standard input: addresses, keys, pictures and a folder for videos. */
export const given = JSON.parse(readFileSync(0, "utf8"));

/** `scenarios` maps names to functions; what one returns or throws becomes `{name, ok, detail}`. */
export async function run(scenarios) {
  await Promise.all(
    Object.entries(scenarios).map(async ([name, scenario]) => {
      console.log(JSON.stringify({ name, ...(await outcome(scenario)) }, withoutBytes));
    }),
  );
}

/** Videos do not belong into a line of text. */
function withoutBytes(_, value) {
  return ArrayBuffer.isView(value) ? `${value.byteLength} bytes` : value;
}

async function outcome(scenario) {
  try {
    return { ok: true, detail: await scenario() };
  } catch (error) {
    return { ok: false, detail: told(error) };
  }
}

/** The fields by which applications tell errors of these clients apart. */
function told(error) {
  return {
    type: error.name,
    message: error.message,
    status: error.statusCode,
    body: parsed(error.body ?? error.responseBody),
    retryable: error.isRetryable,
    url: error.url,
    cause: error.cause && told(error.cause),
    last: error.lastError && told(error.lastError),
    stack: error.stack,
  };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
