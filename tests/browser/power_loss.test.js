// Closing the page is a power cut of the whole cluster: the page dies at more than a hundred points in
// the middle of its writes, and each time what it had shown as saved is there afterwards.
//
// A life of the page runs in a frame of an empty page. At the wanted write its document is taken away,
// from within that very call, which is what closing does to its database: the transaction under way is
// lost, whichever of its writes had been given. Some lives end by closing the tab itself. Between two
// lives the stored bytes are read as they are; then the next life has to recover from them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { serve } from "../../scripts/serve.js";
import { openBrowser } from "./browser.js";
import { logsOf } from "./logs.js";

const SESSIONS = 9;
const LIVES = 12;
/** How many times as fast as real time the world runs. */
const SPEED = 10;

let server;
let browser;
before(async () => {
  server = await serve();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** One life, in the empty page: runs the session until its end, and returns what was known then. */
function live({ address, session, speed, known, end }) {
  const frame = document.createElement("iframe");
  frame.src = `${address}?embed=1&lang=en&session=${session}`;
  frame.style.cssText = "width: 1000px; height: 700px";
  document.body.append(frame);
  return new Promise((resolve, reject) => {
    const life = { problems: [], saved: known, isShown: false, recovered: known === null, writes: 0, commits: 0 };
    const cutOff = setTimeout(() => reject(new Error(`no end: ${JSON.stringify(life)}`)), 60_000);
    const readNotices = () => {
      const said = frame.contentDocument.querySelectorAll(".notice p");
      life.notices = [...said].map((p) => p.textContent);
    };
    const finish = () => {
      clearTimeout(cutOff);
      readNotices();
      frame.remove();
      // The browser undoes what the dead document left behind before anybody opens the database anew.
      setTimeout(() => resolve(life), 0);
    };
    const partitions = (view) =>
      view.topics.filter(({ name }) => name === "orders").flatMap(({ name, partitions }) =>
        partitions.map((p) => ({ ...p, name: `${name}-${p.partition}` })));
    /** Values of what is committed; what was read of it before is not read again. */
    const committed = (page, p, before = []) => [
      ...before,
      ...page.records(p.leader, p.name, before.length, p.highWatermark - before.length).map(({ value }) => value),
    ].slice(0, Math.max(before.length, p.highWatermark));
    const observe = (page) => {
      const view = page.view();
      const all = partitions(view);
      if (!life.recovered) {
        // Everything that was committed and shown as saved is committed again, with the same values.
        const back = all.length > 0 && all.every((p) => p.leader && p.highWatermark >= (known.committed[p.name]?.length ?? 0));
        if (!back) return;
        for (const p of all) {
          const [was, is] = [known.committed[p.name] ?? [], committed(page, p)];
          const other = was.findIndex((value, offset) => value !== is[offset]);
          if (other >= 0) life.problems.push(`${p.name}: offset ${other} was ${was[other]} and is ${is[other]}`);
        }
        life.recovered = true;
      }
      if (life.isShown || view.playing || view.saved !== "all" || !all.length || !all.every((p) => p.leader)) return;
      life.isShown = true;
      [life.writes, life.commits] = [0, 0];
      page.play(speed);
      life.saved = {
        committed: Object.fromEntries(all.map((p) => [p.name, committed(page, p, life.saved?.committed[p.name])])),
        ends: Object.fromEntries(all.flatMap((p) =>
          p.replicas.map((r) => [`b${r.broker} ${p.name}`, r.logEndOffset]))),
      };
    };
    const watch = (page) => {
      const window = frame.contentWindow;
      const { IDBObjectStore, IDBDatabase } = window;
      const { put } = IDBObjectStore.prototype;
      const { transaction } = IDBDatabase.prototype;
      const isTime = () => life.isShown && !life.isOver;
      IDBDatabase.prototype.transaction = function (...args) {
        const begun = transaction.apply(this, args);
        let writes = 0;
        begun.isOfPage = () => {
          life.writes += 1;
          writes += 1;
          if (isTime() && end.kind === "write" && writes >= end.write && life.commits >= end.commits) {
            life.isOver = true;
            finish();
          }
        };
        begun.addEventListener("complete", () => {
          life.commits += 1;
          if (isTime() && end.kind === "commit" && life.commits >= end.commits) {
            life.isOver = true;
            finish();
          }
        });
        return begun;
      };
      IDBObjectStore.prototype.put = function (...args) {
        const request = put.apply(this, args);
        this.transaction.isOfPage?.();
        return request;
      };
      // A running page always has something on its way: it stops, shows all as saved, and runs on.
      let isAsked = false;
      const steps = setInterval(() => {
        if (life.isOver) return clearInterval(steps);
        observe(page);
        if (life.recovered && !isAsked) {
          isAsked = true;
          page.play(false);
        }
        if (isTime() && end.kind === "tab" && life.commits >= end.commits) {
          life.isOver = true;
          clearTimeout(cutOff);
          readNotices();
          resolve(life);
        }
      }, 10);
    };
    const isThere = setInterval(() => {
      const page = frame.contentWindow?.highwater;
      if (!page || page.view().saved === "opening") return;
      clearInterval(isThere);
      watch(page);
      page.play(speed);
    }, 5);
  });
}

/** Points spread over the writes of a batch: its first, its last ones, its commit, the tab itself. A batch of
 * this cluster has about ten writes; a life ends at the first that has as many as are asked for. */
function pointOf(n) {
  if (n % LIVES === LIVES - 1) return { kind: "tab", commits: 1 + (n % 3) };
  if (n % 4 === 3) return { kind: "commit", commits: 1 + (n % 3) };
  return { kind: "write", write: 1 + ((n * 7) % 9), commits: n % 3 };
}

async function emptyPage(context) {
  const page = await context.newPage();
  await page.route("**/empty", (route) => route.fulfill({ contentType: "text/html", body: "<title>empty</title>" }));
  await page.goto(`${server.url}empty`);
  return page;
}

/** All lives of one session; returns how many times it died. */
async function livesOf(context, number) {
  const session = `own-${number + 1}`;
  let page = await emptyPage(context);
  let known = null;
  let deaths = 0;
  for (let n = 0; n < LIVES; n += 1) {
    const end = pointOf(number * LIVES + n);
    const where = `session ${number}, life ${n}, ${JSON.stringify(end)}`;
    const life = await page.evaluate(live, { address: server.url, session, speed: SPEED, known, end });
    if (end.kind === "tab") {
      await page.close();
      page = await emptyPage(context);
    }
    deaths += 1;
    assert.deepEqual(life.problems, [], where);
    if (n > 0) {
      const [told] = life.notices;
      assert.equal(told, "The page was closed, so the cluster lost its power. It is recovering from what was stored.", where);
    }
    // What is stored: logs that Kafka's recovery would leave as they are, no shorter than was shown.
    const logs = await logsOf(page, session);
    for (const [replica, log] of Object.entries(logs)) {
      assert.equal(log.problem, null, `${where}: ${replica}`);
    }
    for (const [replica, logEnd] of Object.entries(life.saved.ends)) {
      assert.ok((logs[replica]?.end ?? 0) >= logEnd, `${where}: ${replica} ends at ${logs[replica]?.end}, shown ${logEnd}`);
    }
    known = life.saved;
  }
  await page.close();
  return deaths;
}

test("what was shown as saved outlives the page, wherever in its writes it dies", { timeout: 1_200_000 }, async () => {
  const context = await browser.newContext({ viewport: { width: 1100, height: 800 } });
  const problems = [];
  context.on("console", (message) => {
    if (["warning", "error"].includes(message.type())) problems.push(message.text());
  });
  context.on("weberror", (error) => problems.push(String(error.error())));
  let deaths = 0;
  for (let number = 0; number < SESSIONS; number += 1) deaths += await livesOf(context, number);
  assert.ok(deaths >= 100, `${deaths} deaths`);
  assert.deepEqual(problems, [], "the browser's console");
  await context.close();
});
