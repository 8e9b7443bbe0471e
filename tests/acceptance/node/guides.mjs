// The flow of the public guides on video generation, by hand, as an application writes it with Node alone:
// look at the pictures, look at the model, submit, poll with a limit, download.
import { writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

import { given, run } from "./scenarios.mjs";

const API = `${given.server}/api/v1`;
const KEY = { Authorization: `Bearer ${given.key}` };
const MOST_POLLS = 60;
const ENDS_WITHOUT_VIDEO = new Set(["failed", "cancelled", "expired"]);

await run({
  frames: () =>
    made("frames", {
      model: "bytedance/seedance-2.0-fast",
      prompt: "A slow push towards the window while the light turns warm",
      duration: 4,
      resolution: "480p",
      aspect_ratio: "16:9",
      generate_audio: false,
      frame_images: [
        { type: "image_url", image_url: { url: given.first }, frame_type: "first_frame" },
        { type: "image_url", image_url: { url: given.last }, frame_type: "last_frame" },
      ],
    }),
  references: () =>
    made("references", {
      model: "bytedance/seedance-2.0-fast",
      prompt: "The rucksack of the pictures on a rainy pavement at night; its shape and colour stay as they are",
      duration: 4,
      resolution: "480p",
      aspect_ratio: "16:9",
      generate_audio: false,
      input_references: given.references.map((url) => ({ type: "image_url", image_url: { url } })),
    }),
  text: () =>
    made("text", {
      model: "alibaba/wan-2.7",
      prompt: "A quiet mountain valley in the evening",
      duration: 2,
      resolution: "720p",
      aspect_ratio: "1:1",
    }),
  failure: () => made("failure", { model: "alibaba/wan-2.7", prompt: "[[fail:content_policy_violation]]" }),
  not_a_picture: () => usable(given.notAPicture),
});

/** From the request to the file: what the reader needs to know of it. */
async function made(name, request) {
  for (const url of pictures(request)) await usable(url);
  await supported(request);
  const placed = await json(await fetch(`${API}/videos`, posting(request)));
  const { job, polls } = await finished(placed);
  const bytes = await downloaded(job);
  const path = `${given.folder}/${name}.mp4`;
  await writeFile(path, bytes);
  return { placed, job, polls, path, bytes: bytes.length };
}

function pictures({ frame_images = [], input_references = [] }) {
  return [...frame_images, ...input_references].map((item) => item.image_url.url);
}

async function usable(url) {
  const { status, headers } = await fetch(url, { headers: { Range: "bytes=0-0" } });
  const type = headers.get("content-type") ?? "";
  if (status >= 300 || !type.startsWith("image/")) throw new Error(`${url} is no picture: ${status} ${type}`);
}

async function supported({ model, duration, resolution, frame_images = [] }) {
  const { data } = await json(await fetch(`${API}/videos/models`));
  const row = data.find(({ id }) => id === model);
  if (!row) throw new Error(`there is no model ${model}`);
  const wishes = [
    [duration, row.supported_durations],
    [resolution, row.supported_resolutions],
    ...frame_images.map(({ frame_type }) => [frame_type, row.supported_frame_images]),
  ];
  for (const [wish, offered] of wishes) {
    if (wish !== undefined && !offered?.includes(wish)) throw new Error(`${model} has no ${wish}`);
  }
}

function posting(request) {
  return {
    method: "POST",
    headers: { ...KEY, "Content-Type": "application/json" },
    body: JSON.stringify(request),
  };
}

async function finished(placed) {
  let job = placed;
  const polls = [];
  while (polls.length < MOST_POLLS) {
    if (job.status === "completed") return { job, polls };
    if (ENDS_WITHOUT_VIDEO.has(job.status)) throw new Error(`${job.status}: ${job.error}`);
    await pause(given.pause);
    job = await json(await fetch(new URL(job.polling_url, given.server), { headers: KEY }));
    polls.push(job.status);
  }
  throw new Error(`not completed after ${MOST_POLLS} polls`);
}

async function downloaded(job) {
  const url = new URL(job.unsigned_urls?.[0] ?? `${API}/videos/${job.id}/content?index=0`);
  const isOurs = url.origin === new URL(given.server).origin;
  const response = await fetch(url, { headers: isOurs ? KEY : {} });
  if (!response.ok) throw new Error(await response.text());
  return Buffer.from(await response.arrayBuffer());
}

async function json(response) {
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}
