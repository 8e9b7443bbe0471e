// An application that uses @openrouter/sdk, and has changed nothing but the server's address.
import { HTTPClient, OpenRouter } from "@openrouter/sdk";

import { given, run } from "./scenarios.mjs";
import { direct, keyless, kept, losingTheFirstAnswer, sha256, watched } from "./wire.mjs";

const SMALL = {
  model: "reelrouter/animatic",
  prompt: "a sailboat on a calm lake",
  duration: 1,
  resolution: "360p",
  generateAudio: false,
};
const VEO = { model: "google/veo-3.1-lite", prompt: "a boat", duration: 4, resolution: "720p" };
const UNKNOWN = "gen-vid-1795258034-00000000000000000000";
const NOBODY = { "X-ReelRouter-Provider": '{"only": ["nobody"]}' };
const TERMINAL = ["completed", "failed", "cancelled", "expired"];
const PATIENCE_MS = 60_000;
const BRIEFLY = retriesFor(100);

/** The SDK's own pace would repeat a refused submit for an hour. */
function retriesFor(maxElapsedTime) {
  const backoff = { initialInterval: 20, maxInterval: 50, exponent: 1.5, maxElapsedTime };
  return { strategy: "backoff", backoff, retryConnectionErrors: false };
}

/** A client, and what went over its wire. */
function clientOf(apiKey = given.key, network = watched()) {
  const httpClient = new HTTPClient({ fetcher: network.fetch });
  const sdk = new OpenRouter({ apiKey, serverURL: `${given.server}/api/v1`, httpClient, retryConfig: BRIEFLY });
  return { sdk, calls: sdk.videoGeneration, seen: network.seen };
}

const { sdk, calls } = clientOf();

function place(changes, options, through = calls) {
  return through.generate({ videoGenerationRequest: { ...SMALL, ...changes } }, options);
}

async function ended(jobId) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const job = await calls.getGeneration({ jobId });
    if (TERMINAL.includes(job.status)) return job;
    if (Date.now() > deadline) throw new Error(`${jobId} does not end`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function download(jobId, index = 0) {
  const stream = await calls.getVideoContent({ jobId, index });
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The whole way: placed, polled, downloaded with the key and by the link without one. */
async function film(name, changes) {
  const placed = await place(changes);
  const job = await ended(placed.id);
  const bytes = await download(placed.id);
  const link = await keyless(job.unsignedUrls[0]);
  return { placed, job, mp4: await kept(name, bytes), sha256: sha256(bytes), link };
}

function frame(url, frameType) {
  return { type: "image_url", imageUrl: { url }, frameType };
}

function image(url) {
  return { type: "image_url", imageUrl: { url } };
}

const balloon = { prompt: "a hot-air balloon over hills", seed: 5, aspectRatio: "16:9" };
let textFilm;

const films = {
  text: () => (textFilm ??= film("sdk-text", balloon)),
  frames: () =>
    film("sdk-frames", {
      prompt: "the light changes",
      aspectRatio: "16:9",
      frameImages: [frame(given.first, "first_frame"), frame(given.last, "last_frame")],
    }),
  references: () => film("sdk-references", { size: "360x360", inputReferences: given.references.map(image) }),
};

async function options() {
  const { calls, seen } = clientOf();
  const placed = await place(
    {
      ...VEO,
      prompt: "[[fail:server]]",
      provider: {
        options: {
          googleVertex: { parameters: { negativePrompt: "people" }, tempo: 3 },
          runway: { contentModeration: true },
          "nobody-knows": { tempo: 1 },
        },
      },
    },
    {},
    calls,
  );
  return { sent: seen.sent[0], headers: seen.answers[0].headers, job: await direct(`/videos/${placed.id}`) };
}

async function failure() {
  const placed = await place({ prompt: "a boat [[fail:content_policy_violation]]" });
  return { job: await ended(placed.id) };
}

async function attribution() {
  const placed = await calls.generate({
    httpReferer: "https://app.example",
    appTitle: "An application",
    appCategories: "video-gen",
    videoGenerationRequest: {
      ...SMALL,
      prompt: "[[fail:server]]",
      sessionId: "session-1",
      user: "user-1",
      trace: { traceId: "trace-1", shelf: "top" },
    },
  });
  return direct(`/videos/${placed.id}`);
}

const life = {
  options,
  failure,
  attribution,
  cancelled: async () => ended((await place({ prompt: "[[status:cancelled]]" })).id),
  expired: async () => ended((await place({ prompt: "[[status:expired]]" })).id),
};

const refusals = {
  continuation: () => place({ previousJobId: UNKNOWN }),
  refused_duration: () => place({ ...VEO, duration: 5 }),
  refused_many: () => place({ ...VEO, duration: 5, resolution: "4K", aspectRatio: "1:1" }),
  refused_prompt: () => place({ prompt: undefined }),
  refused_size: () => place({ ...VEO, size: "1280x720", resolution: "1080p" }),
  refused_model: () => place({ model: "nobody/nothing" }),
  refused_image: () => place({ frameImages: [frame(`${given.images}/missing.png`, "first_frame")] }),
  no_endpoint: () => place(VEO, {}, clientOf(given.liveKey).calls),
  too_large: () => place({ prompt: "x".repeat(5 * 1024 * 1024) }),
  no_key_submit: () => place({}, {}, clientOf("").calls),
  no_key_poll: () => clientOf("").calls.getGeneration({ jobId: UNKNOWN }),
  wrong_key_submit: () => place({}, {}, clientOf("rr-test-unknown").calls),
  wrong_key_content: () => clientOf("rr-test-unknown").calls.getVideoContent({ jobId: UNKNOWN }),
  unknown_job_poll: () => calls.getGeneration({ jobId: UNKNOWN }),
  unknown_job_content: () => download(UNKNOWN),
  content_too_early: async () => download((await place({ prompt: "[[delay:1]] [[fail:server]]" })).id),
  content_of_failed: async () => download((await ended((await place({ prompt: "[[fail:refusal]]" })).id)).id),
  content_index: async () => download((await films.text()).placed.id, 5),
};

function rehearsals(word, statuses, act) {
  return Object.fromEntries(statuses.map((status) => [`${word}_${status}`, () => act(`[[${word}:${status}]]`)]));
}

const rehearsed = {
  ...rehearsals("submit", given.submitStatuses, (word) => place({ prompt: word })),
  ...rehearsals("content", given.contentStatuses, async (word) =>
    download((await place({ prompt: `${word} [[fail:server]]` })).id),
  ),
};

async function repeated() {
  const network = losingTheFirstAnswer();
  const options = { headers: { "Idempotency-Key": "lost-answer-of-the-sdk" }, retries: retriesFor(PATIENCE_MS) };
  const job = await place({ prompt: "[[fail:server]] lost" }, options, clientOf(given.key, network).calls);
  return { job, answers: network.answers };
}

async function sameKeyOtherBody() {
  const headers = { "Idempotency-Key": "one-key-of-the-sdk-for-two-bodies" };
  await place({ prompt: "[[fail:server]] one" }, { headers });
  return place({ prompt: "[[fail:server]] two" }, { headers });
}

async function waited() {
  const { calls, seen } = clientOf();
  const placed = await place({ prompt: "[[fail:refusal]]" }, { headers: { Prefer: "wait=20" } }, calls);
  return { placed, ...seen.answers[0] };
}

async function modelsByHeader() {
  const live = clientOf(given.liveKey).calls;
  const headers = { "X-ReelRouter-Models": "reelrouter/animatic" };
  const placed = await place(VEO, { headers }, live);
  const job = await direct(`/videos/${placed.id}`, { key: given.liveKey });
  await direct(`/videos/${placed.id}/cancel`, { method: "POST", key: given.liveKey });
  return { placed, job };
}

async function optionsByHeader() {
  const headers = { "X-ReelRouter-Provider": '{"options": {"nobody-knows": {"tempo": 1}}}' };
  const { calls, seen } = clientOf();
  const placed = await place({ prompt: "[[fail:server]]" }, { headers }, calls);
  return { headers: seen.answers[0].headers, job: await direct(`/videos/${placed.id}`) };
}

async function answerHeaders() {
  const { calls, seen } = clientOf();
  const { placed } = await films.text();
  await calls.getGeneration({ jobId: placed.id });
  return seen.answers[0];
}

const extensions = {
  repeated,
  same_key_other_body: sameKeyOtherBody,
  waited,
  models_by_header: modelsByHeader,
  options_by_header: optionsByHeader,
  answer_headers: answerHeaders,
  only_by_header: () => place({}, { headers: NOBODY }, clientOf(given.liveKey).calls),
  price_by_header: () => place(VEO, { headers: { "X-ReelRouter-Provider": '{"max_price": 0.01}' } }),
  bad_header: () => place({}, { headers: { "X-ReelRouter-Provider": "{" } }),
};

/** Every row of a list that may come in pages. */
async function rowsOf(pages) {
  const rows = [];
  for await (const page of await pages) rows.push(...page.result.data);
  return rows;
}

/** Each model by itself, and its endpoints. */
async function everyModel() {
  const { data } = await calls.listVideosModels();
  return Promise.all(
    data.map(async ({ id }) => {
      const [author, slug] = id.split("/");
      const model = await sdk.models.get({ author, slug });
      const { data } = await sdk.endpoints.list({ author, slug });
      return { id, model: model.data.id, endpoints: data.endpoints.map((one) => one.providerName) };
    }),
  );
}

async function generation() {
  const { id } = await place({ prompt: "[[fail:server]]", sessionId: "session-2" });
  await ended(id);
  return { id, ...(await sdk.generations.getGeneration({ id })) };
}

async function generationOfFilm() {
  const { job } = await films.text();
  return { job, ...(await sdk.generations.getGeneration({ id: job.id })) };
}

const information = {
  video_models: async () => (await calls.listVideosModels()).data,
  video_models_without_key: async () => (await clientOf("nonsense").calls.listVideosModels()).data,
  models: () => rowsOf(sdk.models.list({ outputModalities: "video" })),
  models_in_pages: () => rowsOf(sdk.models.list({ outputModalities: "video", limit: 3 })),
  models_of_a_live_key: () =>
    rowsOf(sdk.models.listForUser({ bearer: given.liveKey }, { outputModalities: "video" })),
  models_counted: async () => (await sdk.models.count({ outputModalities: "video" })).data.count,
  models_refused: () => sdk.models.list({ outputModalities: "smell" }),
  every_model: everyModel,
  endpoints_of_nothing: () => sdk.endpoints.list({ author: "nobody", slug: "nothing" }),
  providers: async () => (await sdk.providers.list()).data,
  generation,
  generation_of_film: generationOfFilm,
  generation_of_nothing: () => sdk.generations.getGeneration({ id: UNKNOWN }),
  key: async () => (await sdk.apiKeys.getCurrentKeyMetadata()).data,
  key_without_key: () => clientOf("").sdk.apiKeys.getCurrentKeyMetadata(),
};

await run({ ...films, ...life, ...refusals, ...rehearsed, ...extensions, ...information });
