// `window.highwater`, through the example page that embeds Highwater: www/embed.html.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { serve } from "../../scripts/serve.js";
import { openBrowser, visit } from "./browser.js";

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

/** Somebody opens the example page, whose frame has Highwater. */
async function arrive() {
  const options = { language: "en", size: { width: 1200, height: 800 } };
  const visiting = await visit(browser, `${server.url}embed.html`, options);
  await visiting.page.waitForFunction(() => window.embedded?.view().saved === "all", null, { timeout: 120_000 });
  return visiting;
}

const orders0 = () =>
  window.embedded.view().topics.find(({ name }) => name === "orders")?.partitions[0];

test("the example page kills the leader, sees another one, and goes back", { timeout: 240_000 }, async () => {
  const { page, context, problems } = await arrive();
  await page.evaluate(() => window.embedded.seek(5));
  await page.evaluate(() => {
    window.heard = { elected: [], any: 0, moved: 0 };
    window.embedded.on("LeaderElected", (event) => window.heard.elected.push(event));
    window.embedded.on("event", () => (window.heard.any += 1));
    window.embedded.on("moved", () => (window.heard.moved += 1));
  });
  const first = await page.evaluate(orders0);
  await page.getByRole("button", { name: "Kill the leader" }).click();
  await page.evaluate(() => window.embedded.seek(40));
  const next = await page.evaluate(orders0);
  assert.ok(next.leader && next.leader !== first.leader, `${first.leader} led, and now ${next.leader}`);
  assert.ok(next.leaderEpoch > first.leaderEpoch);
  const killed = await page.evaluate(() => window.embedded.view().brokers.map(({ state }) => state));
  assert.equal(killed[first.leader - 1], "dead");
  const isOther = (event) => event.detail.leader !== null;
  const other = await page.waitForFunction(`window.heard.elected.find(${isOther})`);
  const elected = await other.jsonValue();
  assert.equal(elected.kind, "LeaderElected");
  assert.ok(elected.id > 0 && elected.seconds > 5 && elected.cause >= 0 && elected.detail.leader, JSON.stringify(elected));
  assert.ok((await page.evaluate(() => window.heard.any)) > 10);
  assert.match(await page.getByRole("status").textContent(), new RegExp(`led by broker ${next.leader}`));

  await page.getByRole("button", { name: "Back to before" }).click();
  await page.waitForFunction(() => window.heard.moved > 0);
  await page.waitForFunction((leader) => window.embedded.view().topics[0].partitions[0].leader === leader, first.leader);
  assert.ok((await page.evaluate(() => window.embedded.view().seconds)) < 6);
  assert.deepEqual(problems, [], "the browser's console");
  await context.close();
});

test("the declaration names every method that is there, and the view's fields", { timeout: 240_000 }, async () => {
  const declared = await readFile(new URL("../../dist/highwater.d.ts", import.meta.url), "utf8");
  const names = (interfaceName, pattern) => {
    const [, body] = new RegExp(`interface ${interfaceName} \\{\\n([^]*?)\\n\\}`).exec(declared);
    return [...new Set([...body.matchAll(pattern)].map(([, name]) => name))].sort();
  };
  const { page, context } = await arrive();
  const sorted = (object) => Object.keys(object).sort();
  assert.deepEqual(await page.evaluate(() => Object.keys(window.embedded).sort()), names("Highwater", /^  (\w+)\(/gm));
  const view = await page.evaluate(() => window.embedded.view());
  assert.deepEqual(sorted(view), names("View", /^  (\w+):/gm));
  assert.deepEqual(sorted(view.topics[0].partitions[0]), names("Partition", /^  (\w+):/gm));
  await context.close();
});

test("the declaration compiles strictly, and so does an example that uses all of it", async () => {
  const example = fileURLToPath(new URL("embedding.ts", import.meta.url));
  const program = ts.createProgram([example], {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ES2022,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
  });
  const found = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${file?.fileName}:${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
  assert.deepEqual(found, []);
  const declared = await readFile(new URL("../../www/js/highwater.d.ts", import.meta.url), "utf8");
  const [, body] = /interface Highwater \{\n([^]*?)\n\}/.exec(declared);
  const text = await readFile(example, "utf8");
  for (const [, method] of body.matchAll(/^  (\w+)\(/gm)) assert.match(text, new RegExp(`highwater\\.${method}\\(`), method);
});

test("commands are lines or objects, and what is refused says why", { timeout: 240_000 }, async () => {
  const { page, context, problems } = await arrive();
  const refused = (call, argument) => page.evaluate(async ([name, argument]) => {
    return window.embedded[name](argument).then(() => "done", ({ message }) => message);
  }, [call, argument]);
  assert.equal(await refused("apply", { Kill: { node: { Broker: 3 } } }), "done");
  assert.match(await refused("apply", "kill b3"), /not running/i);
  assert.match(await refused("apply", "kil b1"), /kil/);
  assert.match(await refused("apply", { Explode: {} }), /apply: /);
  assert.match(await refused("seek", "soon"), /seek: /);
  assert.match(await refused("load", "#v1.brokers+3;sneed+1"), /sneed/);
  assert.equal(await refused("apply", "start b3\nhold b1-b2"), "done");
  await assert.rejects(page.evaluate(() => window.embedded.on("LeaderErected", () => {})), /LeaderErected/);
  assert.deepEqual(problems, [], "the browser's console");
  await context.close();
});

test("a link is loaded, its records can be read, and its view gives the link back", { timeout: 240_000 }, async () => {
  const { page, context, problems } = await arrive();
  await page.evaluate(() => window.embedded.seek(6));
  const { link, here } = await page.evaluate(() => {
    const [link, { seconds, topics }] = [window.embedded.link(), window.embedded.view()];
    const [{ leader, highWatermark }] = topics[0].partitions;
    return { link, here: { seconds, records: window.embedded.records(leader, "orders-0", 0, highWatermark) } };
  });
  assert.ok(here.records.length > 0 && here.records[0].offset === 0 && here.records[0].value);
  await page.evaluate(() => window.embedded.load("brokers 1\ntopic other: b1"));
  assert.equal(await page.evaluate(() => window.embedded.view().brokers.length), 1);
  await page.evaluate((link) => window.embedded.load(link), link);
  const there = await page.evaluate(() => {
    const [link, { seconds, topics }] = [window.embedded.link(), window.embedded.view()];
    const [{ leader, highWatermark }] = topics[0].partitions;
    return { link, here: { seconds, records: window.embedded.records(leader, "orders-0", 0, highWatermark) } };
  });
  assert.deepEqual(there, { link, here });
  const heard = await page.evaluate(async () => {
    let heard = 0;
    const off = window.embedded.on("event", () => (heard += 1));
    await window.embedded.seek(7);
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    const before = heard;
    off();
    await window.embedded.seek(8);
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return [before > 0, heard === before];
  });
  assert.deepEqual(heard, [true, true], "after off nothing is heard");
  assert.deepEqual(problems, [], "the browser's console");
  await context.close();
});
