// What a frame costs the main thread with about a thousand messages moving: every callback of an
// animation frame, with the microtasks behind it (Yew renders there), in a real browser at 1440 × 900.
//
// Taken from the browser's own trace, in time of the thread's processor: what else the machine does
// meanwhile does not count. Once in a browser that saves nothing, once with the disks mirrored into
// IndexedDB all the while; there it also tells what all of the thread's tasks cost from one frame to the
// next, those that write and that hear of what is written among them.
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

/** Milliseconds of each frame: its callbacks lie in one task of the page's main thread. And of all tasks
 * from one frame's to the next one's. */
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
  const firsts = [...frames.keys()];
  const spent = (from, to) => tasks.slice(from, to).reduce((sum, { tdur }) => sum + (tdur ?? 0) / 1_000, 0);
  const all = firsts.slice(0, -1).map((from, index) => spent(from, firsts[index + 1]));
  return { callbacks: [...frames.values()], all };
}

/** Runs in the page before its own scripts: counts the bytes that it puts into IndexedDB. */
function countPuts() {
  globalThis.put = 0;
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function counted(value, ...rest) {
    globalThis.put += value.byteLength ?? 0;
    return put.call(this, value, ...rest);
  };
}

/** Runs in the page before its own scripts: a browser that forbids IndexedDB. */
function forbidIndexedDb() {
  Object.defineProperty(globalThis, "indexedDB", { value: undefined });
}

const at = (share, of) => of.toSorted((a, b) => a - b)[Math.floor(share * (of.length - 1))].toFixed(2);

/** Plays the scenario until about a thousand messages are under way, and measures. */
async function measure(browser, url, { before, saving }) {
  const size = { width: 1440, height: 900 };
  const visiting = await visit(browser, url, { language: "en", size, before });
  const person = new Person(visiting, "en", false);
  await person.ready();
  await person.hurry();
  await person.play();
  await person.page.waitForTimeout(3_000);
  for (let n = 0; n < 4; n += 1) await person.page.keyboard.press("[");
  await person.page.waitForTimeout(1_000);
  const put = () => person.page.evaluate(() => globalThis.put ?? 0);
  const already = await put();
  const { callbacks, all } = costs(await trace(visiting));
  const saved = (await put()) - already;
  if (saving !== saved > 0) throw new Error(`${saved} bytes were put while the page was measured`);
  await person.pause();
  const heading = await person.page.locator("h2", { hasText: person.t.pattern("stage-table-messages") }).textContent();
  const what = saving ? "saving" : "saving nothing";
  console.log(`messages on their way, ${what}\t${heading.match(/[\d,]+/)[0]}\tmessages`);
  console.log(`main thread per frame, ${what}, median\t${at(0.5, callbacks)}\tms`);
  console.log(`main thread per frame, ${what}, p95\t${at(0.95, callbacks)}\tms`);
  console.log(`all tasks from frame to frame, ${what}, median\t${at(0.5, all)}\tms`);
  console.log(`all tasks from frame to frame, ${what}, p95\t${at(0.95, all)}\tms`);
  if (saving) console.log(`put into IndexedDB meanwhile\t${(saved / 1_024).toFixed(0)}\tKB`);
  await visiting.context.close();
}

const server = await serve();
const browser = await openBrowser();
const url = server.url + process.argv[2];
await measure(browser, url, { before: forbidIndexedDb, saving: false });
await measure(browser, url, { before: countPuts, saving: true });
await browser.close();
await server.close();
