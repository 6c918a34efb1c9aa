// Opens the built page in Chromium and adds up what its first view asks for, each file as gzip -9 makes it.
//
// Asked of the browser, not guessed from dist/: what the page loads later (lessons, the other language)
// is not part of its first view.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { openBrowser } from "../tests/browser/browser.js";
import { serve } from "./serve.js";

const { url, close } = await serve();
const browser = await openBrowser();
const page = await browser.newPage();
const paths = new Set();
page.on("request", (request) => {
  const { origin, pathname } = new URL(request.url());
  if (origin === new URL(url).origin) paths.add(pathname);
});
await page.goto(url, { waitUntil: "networkidle" });
await browser.close();
await close();

let total = 0;
for (const path of paths) {
  const name = path === "/" ? "/index.html" : path;
  const bytes = await readFile(new URL(`../dist${name}`, import.meta.url)).catch(() => Buffer.alloc(0));
  // Fonts and pictures are compressed already.
  const weight = /\.(woff2|png|webp)$/.test(name) ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  total += weight;
  console.log(`${(weight / 1024).toFixed(1).padStart(8)} KB  ${name}`);
}
console.log(`${(total / 1024).toFixed(1).padStart(8)} KB  in all (budget 600 KB)`);
