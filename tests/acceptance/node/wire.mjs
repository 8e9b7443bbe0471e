// What stands between a client and the gateway: it can be watched, and it can lose an answer.
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";

import { given } from "./scenarios.mjs";

/** A `fetch` that keeps the bodies that it sent and the answers that it got. */
export function watched(inner = fetch) {
  const seen = { sent: [], answers: [] };
  const watching = async (input, init) => {
    const request = new Request(input, init);
    const text = await request.clone().text();
    if (text) seen.sent.push(JSON.parse(text));
    const response = await inner(request);
    seen.answers.push({ status: response.status, headers: Object.fromEntries(response.headers) });
    return response;
  };
  return { fetch: watching, seen };
}

/** A `fetch` whose first answer never reaches the client: the gateway has acted, a proxy on the way says 503. */
export function losingTheFirstAnswer() {
  const answers = [];
  const losing = async (input, init) => {
    const response = await fetch(input, init);
    answers.push({ ...(await response.clone().json()), headers: Object.fromEntries(response.headers) });
    return answers.length > 1 ? response : new Response("the gateway cannot be reached", { status: 503 });
  };
  return { fetch: losing, answers };
}

/** The gateway itself, past the client that is tested: for what that client does not show. */
export async function direct(path, { method = "GET", key = given.key } = {}) {
  const headers = { Authorization: `Bearer ${key}` };
  const response = await fetch(`${given.server}/api/v1${path}`, { method, headers });
  return response.json();
}

/** Keeps a video where the reader finds it. */
export async function kept(name, bytes) {
  const path = `${given.folder}/${name}.mp4`;
  await writeFile(path, bytes);
  return path;
}

/** The status and the fingerprint of what an address gives to somebody without a key. */
export async function keyless(url) {
  const response = await fetch(url);
  return { status: response.status, sha256: sha256(new Uint8Array(await response.arrayBuffer())) };
}

export function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
