// What everybody can do: the page by keyboard alone, and without its picture.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { everywhere } from "./everywhere.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Findings of axe-core on the page as it stands, as one line each. */
async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

everywhere("axe-core finds nothing, in light and in dark", "", async (person) => {
  await person.pause();
  assert.deepEqual(await findings(person.page), []);
  await person.button("top-theme-dark").click();
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
  await person.button("top-language-label").click();
  assert.equal(await person.page.locator("html").getAttribute("lang"), other);
  await person.page.reload();
  assert.equal(await person.page.locator("html").getAttribute("lang"), other);
  await person.button("top-language-label").waitFor({ state: "detached" });
});
