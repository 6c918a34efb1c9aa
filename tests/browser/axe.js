// What axe-core finds on a page.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Findings of axe-core on the page as it stands, as one line each. What is fading in has arrived first. */
export async function findings(page) {
  await page.evaluate(() => {
    const passing = document.getAnimations().filter((it) => Number.isFinite(it.effect?.getComputedTiming().endTime));
    return Promise.allSettled(passing.map((it) => it.finished));
  });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}
