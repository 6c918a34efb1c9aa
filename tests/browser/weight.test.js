// The first view is light, and needs nothing of the part of the engine that comes behind it; what is done
// before that part is there happens all the same.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BUDGET, firstView, report } from "../../scripts/page_weight.js";
import { serve } from "../../scripts/serve.js";
import { openBrowser, visit } from "./browser.js";
import { LANGUAGES, SCREENS } from "./everywhere.js";
import { Person, until } from "./person.js";

const BEHIND = /_behind\.wasm$/;

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

/** Somebody opens the page; `give` decides what becomes of requests for the part behind. */
async function arrive(language, screen, give, before = undefined) {
  const size = SCREENS[screen];
  const visiting = await visit(browser, "about:blank", { language, size, before });
  await visiting.page.route(BEHIND, give);
  await visiting.page.goto(server.url);
  const person = new Person(visiting, language, screen === "phone");
  await person.ready();
  return person;
}

for (const language of LANGUAGES) {
  for (const [screen, size] of Object.entries(SCREENS)) {
    test(`the first view keeps its budget and does without the rest (${language}, ${screen})`, { timeout: 120_000 }, async () => {
      let view = await firstView(browser, server.url, language, size);
      // A frame may fall on a moment that was never recorded; what every visit calls for is another matter.
      for (let more = 0; view.called > 0 && more < 2; more += 1) {
        view = await firstView(browser, server.url, language, size);
      }
      console.log(report(view));
      assert.equal(view.called, 0, "the first view called what comes behind it; `make first-view` records anew what it runs");
      assert.deepEqual(view.problems, []);
      assert.ok(view.total <= BUDGET, `the first view weighs ${view.total} bytes of ${BUDGET}; CONTRIBUTING.md says what to do`);
    });
  }
}

for (const language of LANGUAGES) {
  test(`what is done before the rest is there happens when it has come (${language})`, { timeout: 120_000 }, async () => {
    let give;
    const given = new Promise((resolve) => { give = resolve; });
    const person = await arrive(language, "wide", async (route) => {
      await given;
      await route.continue();
    });
    await person.button("time-pause").click();
    await person.page.waitForTimeout(300);
    assert.equal(await person.button("time-pause").count(), 1, "it waits");
    give();
    await person.button("time-play").waitFor();
    person.silent();
    await person.context.close();
  });

  test(`a rest that does not come is told, and can be asked for again (${language})`, { timeout: 120_000 }, async () => {
    let refuses = true;
    const person = await arrive(language, "wide", (route) => (refuses ? route.abort() : route.continue()));
    await person.button("time-pause").click();
    const alert = person.page.getByRole("alert");
    const again = alert.getByRole("button");
    await again.waitFor();
    assert.equal(await again.count(), 1, "it is said in one language");
    assert.equal(await person.button("time-pause").count(), 1, "the stage goes on");
    refuses = false;
    await again.click();
    await person.button("time-play").waitFor();
    await until("the message is gone", async () => !(await again.isVisible()));
    await person.context.close();
  });
}

test("a call of what is not there yet brings it", { timeout: 120_000 }, async () => {
  const asked = [];
  const person = await arrive("en", "wide", (route) => {
    const kind = route.request().resourceType();
    asked.push(kind);
    // Only who cannot wait is answered.
    return kind === "xhr" ? route.continue() : undefined;
  }, () => {
    // A page that holds nothing back: what a person does goes straight into the engine.
    const listen = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (name, listener, options) {
      if (listener?.name !== "hold") listen.call(this, name, listener, options);
    };
  });
  await person.button("time-pause").click();
  await person.button("time-play").waitFor();
  await person.turnTo("lesson");
  await person.turnTo("inspect");
  assert.ok(asked.includes("xhr"), "it was fetched on the spot");
  await person.context.close();
});
