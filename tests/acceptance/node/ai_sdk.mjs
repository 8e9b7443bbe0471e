// An application that makes videos by the AI SDK's generateVideo, with OpenRouter's provider
// and another address.
import { readFileSync } from "node:fs";

import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { experimental_generateVideo as generateVideo } from "ai";

import { publish } from "./public_name.mjs";
import { given, run } from "./scenarios.mjs";
import { direct, kept, losingTheFirstAnswer, watched } from "./wire.mjs";

publish(new URL(given.publicServer).hostname);
globalThis.AI_SDK_LOG_WARNINGS = false;

const SMALL = "reelrouter/animatic";
const VEO = "google/veo-3.1-lite";
const SHORT_VEO = { duration: 4, resolution: "1280x720" };
const LIVE = { apiKey: given.liveKey };
const AT_HOME = { server: given.server };
/** The SDK's own pace is a look every two seconds. */
const SETTINGS = { generateAudio: false, pollIntervalMs: 100, maxPollTimeMs: 60_000 };

/**
 * The least video that there is, unless `wanted` says otherwise, of `model` and by the provider
 * with these settings; a refusal is not tried again.
 */
function generate(wanted, { model = SMALL, server = given.publicServer, apiKey = given.key, fetch } = {}) {
  const provider = createOpenRouter({ apiKey, baseURL: `${server}/api/v1`, fetch });
  return generateVideo({
    model: provider.videoModel(model, SETTINGS),
    prompt: "a sailboat on a calm lake",
    duration: 1,
    resolution: "640x360",
    maxRetries: 0,
    ...wanted,
  });
}

/** A result as its reader needs it: the videos as files, and what was told beside them. */
async function film(name, wanted, through) {
  const result = await generate(wanted, through);
  const videos = await Promise.all(
    result.videos.map(async (video, at) => ({
      mediaType: video.mediaType,
      mp4: await kept(`ai-${name}-${at}`, video.uint8Array),
    })),
  );
  return { videos, warnings: result.warnings, metadata: result.providerMetadata.openrouter };
}

function frame(url, frame_type) {
  return { type: "image_url", image_url: { url }, frame_type };
}

function image(url) {
  return { type: "image_url", image_url: { url } };
}

/** What the provider puts into the body as it is. */
function body(fields) {
  return { providerOptions: { openrouter: fields } };
}

const films = {
  text: async () => {
    const { fetch, seen } = watched();
    const wanted = { prompt: "two hot-air balloons over hills [[outputs:2]]", seed: 5 };
    return { ...(await film("text", wanted, { fetch })), sent: seen.sent[0] };
  },
  image: () => film("image", { prompt: { text: "the light changes", image: readFileSync(given.firstFile) } }),
  frames: () => {
    const frame_images = [frame(given.first, "first_frame"), frame(given.last, "last_frame")];
    const shape = { resolution: undefined, aspectRatio: "9:16" };
    return film("frames", { ...shape, ...body({ resolution: "360p", frame_images }) });
  },
  references: () => {
    const input_references = given.references.map(image);
    return film("references", { resolution: "360x360", ...body({ input_references }) });
  },
};

const oneFilm = {
  prompt: { image: given.first },
  headers: { "Idempotency-Key": "one-film-for-two-downloads" },
};

/** What the SDK's own download makes of an address of this machine, and the way around it. */
const downloads = {
  at_home: () => film("at-home", oneFilm, AT_HOME),
  at_home_by_plain_fetch: () => film("at-home-by-plain-fetch", { ...oneFilm, download: plainFetch }, AT_HOME),
  content_502: () => generate({ prompt: "[[content:502]]" }),
};

async function plainFetch({ url, abortSignal }) {
  const response = await fetch(url, { signal: abortSignal });
  if (!response.ok) throw new Error(`the download was answered with ${response.status}`);
  return {
    data: new Uint8Array(await response.arrayBuffer()),
    mediaType: response.headers.get("content-type") ?? undefined,
  };
}

async function options() {
  const { fetch, seen } = watched();
  const chosen = {
    "google-vertex": { parameters: { negativePrompt: "people" }, tempo: 3 },
    "nobody-knows": { tempo: 1 },
  };
  const wanted = { ...SHORT_VEO, prompt: "[[fail:server]]", ...body({ provider: { options: chosen } }) };
  const error = await generate(wanted, { fetch, model: VEO }).catch((reason) => reason);
  const job = await direct(`/videos/${error.url.split("/").at(-1)}`);
  return { sent: seen.sent[0], headers: seen.answers[0].headers, job };
}

const refusals = {
  failure: () => generate({ prompt: "a boat [[fail:content_policy_violation]]" }),
  cancelled: () => generate({ prompt: "[[status:cancelled]]" }),
  expired: () => generate({ prompt: "[[status:expired]]" }),
  continuation: () => generate(body({ previous_job_id: "gen-vid-1795258034-00000000000000000000" })),
  empty_prompt: () => generate({ prompt: "" }),
  refused_duration: () => generate({ ...SHORT_VEO, duration: 5 }, { model: VEO }),
  refused_many: () => generate({ duration: 5, resolution: "1x1", aspectRatio: "1:1" }, { model: VEO }),
  refused_model: () => generate({}, { model: "nobody/nothing" }),
  refused_image: () => generate({ prompt: { text: "x", image: new TextEncoder().encode("this is prose") } }),
  no_endpoint: () => generate(SHORT_VEO, { model: VEO, ...LIVE }),
  only_in_body: () => generate(body({ provider: { only: ["nobody"] } }), LIVE),
  too_large: () => generate({ prompt: "x".repeat(5 * 1024 * 1024) }),
  no_key: () => generate({}, { apiKey: "" }),
  wrong_key: () => generate({}, { apiKey: "rr-test-unknown" }),
};

const rehearsed = Object.fromEntries(
  given.submitStatuses.map((status) => [
    `submit_${status}`,
    () => generate({ prompt: `[[submit:${status}]]` }),
  ]),
);

/** The SDK's own second try, two seconds after the first one's answer was lost. */
async function repeated() {
  const { fetch, answers } = losingTheFirstAnswer();
  const headers = { "Idempotency-Key": "lost-answer-of-the-ai-sdk" };
  const wanted = { prompt: "a lighthouse [[fail:server]]", headers, maxRetries: 1 };
  const error = await generate(wanted, { fetch }).catch((reason) => reason);
  return { error: error.message, answers };
}

/** A wish in the header's form, of a job that would cost neither time nor money if the wish were lost. */
function byHeader(value, wanted, through) {
  const headers = { "X-ReelRouter-Provider": value };
  return generate({ prompt: "[[fail:server]]", headers, ...wanted }, through);
}

const extensions = {
  repeated,
  only_by_header: () => byHeader('{"only": ["nobody"]}', {}, LIVE),
  price_by_header: () => byHeader('{"max_price": 0.01}', SHORT_VEO, { model: VEO }),
  bad_header: () => byHeader("{"),
};

await run({ ...films, ...downloads, options, ...refusals, ...rehearsed, ...extensions });
