// One person at the page: what they press, read and wait for, in their language and on their screen.
//
// Things are found as people find them, by role and name; the names come from the page's own texts. The
// stage is read through its twin of tables, which is what a screen reader reads.
import assert from "node:assert/strict";
import { texts } from "./texts.js";

const PATIENCE_MS = 60_000;

/** Waits until `probe` answers something true, and returns it. */
export async function until(what, probe, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    if (Date.now() > end) assert.fail(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

export class Person {
  constructor({ page, context, problems }, language, isNarrow) {
    Object.assign(this, { page, context, problems, isNarrow });
    this.t = texts(language);
  }

  /** What was done so far has been answered: the page's frames and timers behind it have run. */
  async settled() {
    await this.page.evaluate(async () => {
      for (let n = 0; n < 3; n += 1) {
        await new Promise(requestAnimationFrame);
        await new Promise((resolve) => setTimeout(resolve));
      }
    });
  }

  /** Waits until an attribute of what a locator finds has this value. */
  async has(locator, attribute, value) {
    await until(`${attribute}=${value}`, async () => (await locator.getAttribute(attribute)) === value);
  }

  button(key, args) {
    return this.page.getByRole("button", { name: this.t(key, args), exact: true });
  }

  /** The page is there and the engine runs. */
  async ready() {
    const transport = this.button("time-play").or(this.button("time-pause"));
    await until("the engine", async () => (await transport.count()) === 1 && transport.isEnabled());
  }

  async play() {
    if (await this.button("time-play").count()) await this.button("time-play").click();
    await this.button("time-pause").waitFor();
  }

  /** Real time and faster: the page begins at a hundredth of it, to be watched. */
  async hurry() {
    const speed = this.page.getByRole("group", { name: this.t("time-speed") });
    await this.turnTo("stage");
    for (let shown = await speed.textContent(); !/(^|[^/\d])[25]×/.test(shown); shown = await speed.textContent()) {
      await this.button("time-faster").click();
      await until("another speed", async () => (await speed.textContent()) !== shown);
    }
  }

  async pause() {
    if (await this.button("time-pause").count()) await this.button("time-pause").click();
    await this.button("time-play").waitFor();
  }

  /** Turns to `stage`, `lesson`, `inspect` or `events`: tabs on a phone, and beside the stage two are. */
  async turnTo(part) {
    if (!this.isNarrow) {
      const beside = this.page.getByRole("tab", { name: this.t(`tab-${part}`), exact: true });
      if (!(await beside.count())) return;
      await beside.click();
      await this.has(beside, "aria-selected", "true");
      return;
    }
    const tab = this.page.getByRole("navigation").getByRole("button", { name: this.t(`tab-${part}`), exact: true });
    await tab.click();
    await this.has(tab, "aria-current", "page");
  }

  /** Takes a tool in hand. */
  async take(tool) {
    await this.button(tool).click();
    await this.has(this.button(tool), "aria-pressed", "true");
  }

  /** Loads the page again, and waits until it is there. */
  async reload() {
    await this.page.reload();
    await this.ready();
  }

  /** What the stage's tables say of a partition. */
  async partition(name) {
    const row = this.page.getByRole("row", { name: new RegExp(`^${name} `) });
    if ((await row.count()) !== 1) return null;
    const cells = await row.locator("th, td").allTextContents();
    const [, leader, epoch, isr, hw, ...leos] = cells.map((cell) => cell.trim());
    return { leader: Number(leader), epoch: Number(epoch), isr, hw: Number(hw), leos: leos.map(Number) };
  }

  /** Waits until a partition is as `wanted` says, and returns it. */
  async sees(what, name, wanted) {
    return until(what, async () => {
      const partition = await this.partition(name);
      return partition && wanted(partition) ? partition : null;
    });
  }

  /** Sentences of the events listed, newest first. */
  async events() {
    return this.page.locator("#events .events li").allTextContents();
  }

  /** Waits for an event whose sentence is that of a text, whatever its arguments. */
  async hears(key, args) {
    const sentence = this.t.pattern(key, args);
    await until(`the event ${key}`, async () => (await this.events()).some((event) => sentence.test(event)));
  }

  /** The link to this moment, from the dialog that gives it out. */
  async link() {
    await this.button("top-share").click();
    const field = this.page.getByRole("textbox", { name: this.t("share-link-label") });
    const link = await field.inputValue();
    await this.dismiss();
    return link;
  }

  /** Closes the dialog that is open. */
  async dismiss() {
    await this.page.keyboard.press("Escape");
    await this.page.getByRole("dialog").waitFor({ state: "detached" });
    await this.settled();
  }

  /** Presses a key until `stop` holds, at most `most` times. */
  async pressUntil(what, key, stop, most = 400) {
    for (let n = 0; n < most; n += 1) {
      if (await stop()) return;
      await this.page.keyboard.press(key);
      await this.settled();
    }
    assert.fail(`never came: ${what}`);
  }

  /** The browser's console is empty, and nothing failed. */
  silent() {
    assert.deepEqual(this.problems, [], "the browser's console");
  }
}
