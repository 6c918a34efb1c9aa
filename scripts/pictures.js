// Takes the pictures of docs/: the stage a moment after its leader was killed, in both languages, light
// and dark, wide and on a phone. `make pictures` builds the page first.
import { fileURLToPath } from "node:url";
import { openBrowser, visit } from "../tests/browser/browser.js";
import { Person } from "../tests/browser/person.js";
import { serve } from "./serve.js";

const docs = fileURLToPath(new URL("../docs/", import.meta.url));
const PICTURES = [
  { name: "stage-en-light", language: "en", scheme: "light", size: { width: 1440, height: 900 } },
  { name: "stage-zh-light", language: "zh-CN", scheme: "light", size: { width: 1440, height: 900 } },
  { name: "stage-en-dark", language: "en", scheme: "dark", size: { width: 1440, height: 900 } },
  { name: "stage-zh-dark", language: "zh-CN", scheme: "dark", size: { width: 1440, height: 900 } },
  { name: "phone-en-light", language: "en", scheme: "light", size: { width: 390, height: 844 } },
  { name: "phone-zh-dark", language: "zh-CN", scheme: "dark", size: { width: 390, height: 844 } },
];

/** Somebody lets the cluster work, kills the leader, and stops to look while others copy from the next. */
async function look(person) {
  await person.hurry();
  await person.play();
  const first = await person.sees("some records", "orders-0", (p) => p.leader > 0 && p.hw >= 8);
  await person.button("stage-kill-label", { id: first.leader }).click();
  await person.sees("the next leader's records", "orders-0", (p) => p.leader > 0 && p.leader !== first.leader && p.hw > first.hw + 1);
  await person.pause();
  await person.turnTo("stage");
  const sent = async () => (await person.page.getByRole("listitem").filter({ hasText: "Produce" }).count()) > 0;
  await person.pressUntil("a Produce request under way", ".", sent);
  await person.page.mouse.move(0, 0);
}

const server = await serve();
const browser = await openBrowser();
for (const { name, language, scheme, size } of PICTURES) {
  const person = new Person(await visit(browser, server.url, { language, size, scheme }), language, size.width < 600);
  await person.ready();
  await look(person);
  await person.page.screenshot({ path: `${docs}${name}.png` });
  person.silent();
  await person.context.close();
  console.log(`docs/${name}.png`);
}
await browser.close();
await server.close();
