// Chromium, as this machine has it, and one visit of the page in it.
import { chromium } from "playwright-core";

/** Opens Chromium without a window. CHROMIUM names another one than Debian's. */
export function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-component-update"],
  });
}

/**
 * A person with a browser profile of their own opens the page.
 *
 * `visit.problems` collects what the browser's console would show: warnings, errors, exceptions,
 * requests that failed. A test asserts that it is empty. `before` is a script that runs in the page
 * before the page's own: a browser that refuses something. SLOWDOWN=6 makes the processor six times
 * slower, which brings out whatever a test does not wait for.
 */
export async function visit(browser, url, { language, size, scheme = "light", before }) {
  const context = await browser.newContext({
    locale: language,
    viewport: size,
    colorScheme: scheme,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  if (before) await context.addInitScript(before);
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => {
    if (["warning", "error"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("requestfailed", (request) => problems.push(`request failed: ${request.url()}`));
  if (process.env.SLOWDOWN) {
    const devtools = await context.newCDPSession(page);
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: Number(process.env.SLOWDOWN) });
  }
  await page.goto(url);
  return { page, context, problems };
}
