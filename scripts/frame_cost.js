// What a frame costs the main thread with about a thousand messages moving: every callback of an
// animation frame, with the microtasks behind it (Yew renders there), in a real browser at 1440 × 900.
//
// Taken from the browser's own trace, in time of the thread's processor: what else the machine does
// meanwhile does not count.
//
// Usage: node scripts/frame_cost.js LINK   (dist/ is built; LINK is of benches/scenarios/thousand.scenario)
import { openBrowser, visit } from "../tests/browser/browser.js";
import { Person } from "../tests/browser/person.js";
import { serve } from "./serve.js";

const FRAMES = 400;

/** Lets `FRAMES` frames pass while the browser traces; resolves to its events. */
async function trace({ page, context }) {
  const devtools = await context.newCDPSession(page);
  const events = [];
  devtools.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  const ended = new Promise((resolve) => devtools.once("Tracing.tracingComplete", resolve));
  const traceConfig = { includedCategories: ["devtools.timeline", "toplevel"] };
  await devtools.send("Tracing.start", { transferMode: "ReportEvents", traceConfig });
  await page.evaluate(async (frames) => {
    for (let n = 0; n < frames; n += 1) await new Promise(requestAnimationFrame);
  }, FRAMES);
  await devtools.send("Tracing.end");
  await ended;
  return events;
}

/** Milliseconds of each frame: its callbacks lie in one task of the page's main thread. */
function costs(events) {
  const [{ tid }] = events.filter(({ name }) => name === "FireAnimationFrame");
  const ours = (event) => event.ph === "X" && event.tid === tid;
  const earlier = (a, b) => a.ts - b.ts;
  const tasks = events.filter((event) => ours(event) && event.name.endsWith("RunTask")).toSorted(earlier);
  const frames = new Map();
  let task = 0;
  for (const { ts, tdur } of events.filter((e) => ours(e) && e.name === "FireAnimationFrame").toSorted(earlier)) {
    while (tasks[task + 1]?.ts <= ts) task += 1;
    frames.set(task, (frames.get(task) ?? 0) + tdur / 1_000);
  }
  return [...frames.values()].toSorted((a, b) => a - b);
}

const server = await serve();
const browser = await openBrowser();
const size = { width: 1440, height: 900 };
const visiting = await visit(browser, server.url + process.argv[2], { language: "en", size });
const person = new Person(visiting, "en", false);
await person.ready();
await person.hurry();
await person.play();
await person.page.waitForTimeout(3_000);
for (let n = 0; n < 4; n += 1) await person.page.keyboard.press("[");
await person.page.waitForTimeout(1_000);
const frames = costs(await trace(visiting));
const at = (share) => frames[Math.floor(share * (frames.length - 1))].toFixed(2);
await person.pause();
const heading = await person.page.locator("h2", { hasText: person.t.pattern("stage-table-messages") }).textContent();
console.log(`messages on their way\t${heading.match(/[\d,]+/)[0]}\tmessages`);
console.log(`main thread per frame, median\t${at(0.5)}\tms`);
console.log(`main thread per frame, p95\t${at(0.95)}\tms`);
await browser.close();
await server.close();
