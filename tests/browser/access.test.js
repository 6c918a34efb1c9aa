// What everybody can do: the page by keyboard alone, and without its picture.
import assert from "node:assert/strict";
import { findings } from "./axe.js";
import { everywhere } from "./everywhere.js";
import { until } from "./person.js";
import { texts } from "./texts.js";

everywhere("axe-core finds nothing, in light and in dark", "", async (person) => {
  await person.pause();
  assert.deepEqual(await findings(person.page), []);
  await person.button("top-theme-dark").click();
  await person.button("top-theme-light").waitFor();
  await person.settled();
  assert.deepEqual(await findings(person.page), []);
});

everywhere("the keyboard reaches every control", "", async (person) => {
  await person.pause();
  const { page } = person;
  // Members of a roving group are reached by arrows from its one tab stop.
  const controls = page.locator("a[href], button, input, select, textarea, [role=slider]").and(
    page.locator(":visible:not(:disabled):not([tabindex='-1'])"),
  );
  const wanted = await controls.evaluateAll((all) => all.map((element, n) => (element.dataset.seen = `${n}`)));
  const reached = new Set();
  for (let n = 0; n < wanted.length + 10; n += 1) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement?.dataset.seen));
  }
  const missed = await controls.evaluateAll(
    (all, seen) => all.filter((e) => !seen.includes(e.dataset.seen)).map((e) => e.outerHTML.slice(0, 120)),
    [...reached],
  );
  assert.deepEqual(missed, []);
});

everywhere("the switch of the language changes every word, and is kept", "", async (person, language) => {
  const other = language === "en" ? "zh-CN" : "en";
  const root = person.page.locator("html");
  const title = await person.page.title();
  await person.button("top-language-label").click();
  await person.has(root, "lang", other);
  await person.button("top-language-label").waitFor({ state: "detached" });
  await until("the other title", async () => (await person.page.title()) !== title);
  await person.page.reload();
  await person.has(root, "lang", other);
  await person.page.getByRole("button", { name: texts(other)("top-language-label"), exact: true }).waitFor();
  await person.button("top-language-label").waitFor({ state: "detached" });
});

everywhere("language and theme are kept on the click, and there before the first paint", "", async (person, language) => {
  const other = language === "en" ? "zh-CN" : "en";
  await person.page.addInitScript(() => {
    // The page's own head has run when its body begins; the engine comes much later.
    const seen = new MutationObserver(() => {
      if (!document.body) return;
      const { lang, dataset } = document.documentElement;
      sessionStorage.setItem("first", `${lang} ${dataset.theme}`);
      seen.disconnect();
    });
    seen.observe(document, { childList: true, subtree: true });
  });
  // What is done before the rest of the page has come is held: a reload would be quicker.
  await person.page.mouse.move(5, 5);
  await person.page.locator("html[data-whole]").waitFor({ state: "attached" });
  // Both clicks and the reload in one task: nothing that the page put off has run in between.
  const names = [person.t("top-theme-dark"), person.t("top-language-label")];
  await person.page.evaluate((labels) => {
    for (const label of labels) document.querySelector(`button[aria-label="${label}"]`).click();
    location.reload();
  }, names);
  await until("the first paint", async () => {
    const first = await person.page.evaluate(() => sessionStorage.getItem("first")).catch(() => null);
    return first === `${other} dark`;
  });
  await person.page.getByRole("button", { name: texts(other)("top-theme-light"), exact: true }).waitFor();
});

everywhere("a link carries nothing of its sender's taste", "?theme=dark", async (person) => {
  await person.pause();
  assert.ok((await person.link()).startsWith(`${person.address}#v1.`));
  await person.button("top-theme-light").click();
  await person.button("top-theme-dark").waitFor();
  assert.equal(new URL(person.page.url()).search, "", "a choice outlives what the address asked for");
});
