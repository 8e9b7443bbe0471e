// A receiver of webhooks as an application would write one, from the public description of the signatures alone.
// It says where it listens, and then, in a line of JSON for each request, what came in and how it was answered.
import { createHmac, timingSafeEqual } from "node:crypto";

import express from "express";

const { WEBHOOK_SECRET } = process.env;
const TOLERANCE = 300;

const app = express();
app.use(express.raw({ type: "application/json" }));

/** `t=<unix seconds>,v1=<hex>`, over the stamp, a comma and the body; while a secret changes there are several `v1`. */
function openrouter(request) {
  const parts = (request.get("X-OpenRouter-Signature") ?? "").split(",").map((part) => part.split("="));
  const stamp = parts.find(([name]) => name === "t")?.[1];
  const key = Buffer.from(WEBHOOK_SECRET);
  const expected = createHmac("sha256", key).update(`${stamp},`).update(request.body).digest("hex");
  return isFresh(stamp) && parts.some(([name, value]) => name === "v1" && same(value, expected));
}

/** The same, by one who knows of no second signature and takes the first that stands there. */
function firstOnly(request) {
  const parts = (request.get("X-OpenRouter-Signature") ?? "").split(",");
  const stamp = parts.find((part) => part.startsWith("t="))?.slice(2);
  const signature = parts.find((part) => part.startsWith("v1="))?.slice(3);
  const expected = createHmac("sha256", WEBHOOK_SECRET).update(`${stamp},${request.body}`).digest("hex");
  return isFresh(stamp) && same(signature, expected);
}

/** Standard Webhooks: base64 over id, stamp and body with dots between; the key is the base64 after `whsec_`. */
function standard(request) {
  const [id, stamp] = [request.get("webhook-id"), request.get("webhook-timestamp")];
  const key = Buffer.from(WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${stamp}.`).update(request.body).digest("base64");
  const said = (request.get("webhook-signature") ?? "").split(" ");
  return isFresh(stamp) && said.some((one) => one.startsWith("v1,") && same(one.slice(3), expected));
}

function isFresh(stamp) {
  return /^\d+$/.test(stamp ?? "") && Math.abs(Date.now() / 1000 - Number(stamp)) <= TOLERANCE;
}

function same(given, expected) {
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

for (const [path, isGenuine] of Object.entries({ openrouter, firstOnly, standard })) {
  app.post(`/${path}`, (request, response) => {
    const status = Buffer.isBuffer(request.body) && isGenuine(request) ? 204 : 401;
    console.log(JSON.stringify({ path, status, headers: request.headers, body: String(request.body) }));
    response.sendStatus(status);
  });
}

const server = app.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
