// What a frame costs the main thread with about a thousand messages moving: every callback of an
// animation frame is timed in the page, in a real browser, at 1440 × 900.
//
// Usage: node scripts/frame_cost.js LINK   (dist/ is built; LINK is of benches/scenarios/thousand.scenario)
import { openBrowser, visit } from "../tests/browser/browser.js";
import { Person } from "../tests/browser/person.js";
import { serve } from "./serve.js";

const FRAMES = 300;

/** Times the page's animation frames into window.frames, in ms. */
function timeFrames() {
  window.frames_ms = [];
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) =>
    ask(async (at) => {
      const start = performance.now();
      callback(at);
      // What the callback put off to microtasks (Yew renders there) belongs to its frame.
      for (let n = 0; n < 50; n += 1) await null;
      window.frames_ms.push(performance.now() - start);
    });
}

const server = await serve();
const browser = await openBrowser();
const size = { width: 1440, height: 900 };
const visiting = await visit(browser, server.url + process.argv[2], { language: "en", size, before: timeFrames });
const person = new Person(visiting, "en", false);
await person.ready();
const inFlight = async () => {
  const heading = await person.page.locator("h2", { hasText: person.t.pattern("stage-table-messages") }).textContent();
  return heading.match(/[\d,]+/)[0];
};
await person.hurry();
await person.play();
await person.page.waitForTimeout(3_000);
for (let n = 0; n < 4; n += 1) await person.page.keyboard.press("[");
await person.page.waitForTimeout(500);
await person.page.evaluate(() => { window.frames_ms = []; });
await person.page.waitForFunction((frames) => window.frames_ms.length >= frames, FRAMES, { timeout: 120_000 });
const frames = (await person.page.evaluate(() => window.frames_ms)).toSorted((a, b) => a - b);
const at = (share) => frames[Math.floor(share * (frames.length - 1))].toFixed(2);
await person.pause();
console.log(`messages on their way\t${await inFlight()}\tmessages`);
console.log(`main thread per frame, median\t${at(0.5)}\tms`);
console.log(`main thread per frame, p95\t${at(0.95)}\tms`);
await browser.close();
await server.close();
