// Runs a test in both languages and on both sizes of screen, each in a browser profile of its own.
import { after, before, test } from "node:test";
import { serve } from "../../scripts/serve.js";
import { openBrowser, visit } from "./browser.js";
import { Person } from "./person.js";

export const LANGUAGES = ["en", "zh-CN"];
export const SCREENS = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

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

/** Somebody opens the page, with nothing kept from before. `path` is what follows the address. */
export async function arrive(language, screen, path = "", scheme = "light", before = undefined) {
  const url = path.startsWith("http") ? path : server.url + path;
  const options = { language, size: SCREENS[screen], scheme, before };
  const person = new Person(await visit(browser, url, options), language, screen === "phone");
  person.address = server.url;
  await person.ready();
  return person;
}

/** A test for every language and screen: `body(person, language, screen)`; `before` as for a visit. */
export function everywhere(name, path, body, before = undefined) {
  for (const language of LANGUAGES) {
    for (const screen of Object.keys(SCREENS)) {
      test(`${name} (${language}, ${screen})`, { timeout: 240_000 }, async () => {
        const person = await arrive(language, screen, path, "light", before);
        await body(person, language, screen);
        person.silent();
        await person.context.close();
      });
    }
  }
}
