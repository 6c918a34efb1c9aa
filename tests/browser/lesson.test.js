// The lesson "acks and loss" from its first task to its last, by the page's own controls.
import assert from "node:assert/strict";
import { everywhere } from "./everywhere.js";
import { until } from "./person.js";

const PARTITION = "t-0";

/** Chooses acks of the lesson's producer. */
async function choose(person, acks) {
  const select = person.page.getByRole("combobox", { name: person.t("stage-acks-label", { name: "p" }) });
  await select.selectOption(acks);
  await until(`acks=${acks}`, async () => (await select.inputValue()) === acks);
}

const send = (person) => person.button("stage-send-label", { name: "p" }).click();

/** Holds the n-th link between brokers: 1–2, 1–3, 2–3. They are drawn last. */
async function hold(person, n) {
  await person.take("tool-hold");
  const links = person.page.locator("path.link:not(.control)");
  const link = links.nth((await links.count()) - 3 + n);
  await link.scrollIntoViewIfNeeded();
  const middle = await link.evaluate((path) => {
    const at = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
    return { x: at.x, y: at.y };
  });
  const held = person.page.locator("#stage td").filter({ hasText: person.t("link-state-held") });
  const before = await held.count();
  await person.page.mouse.click(middle.x, middle.y);
  await until("a held link", async () => (await held.count()) === before + 1);
  await person.take("tool-select");
}

/** Asks for the verdict until the task is done; what it still lacks is told when it never is. */
async function passes(person, task) {
  await person.turnTo("lesson");
  const verdict = person.page.locator(".verdict");
  await until(`${task}, done`, async () => {
    if (await verdict.locator("xpath=self::*[contains(@class, 'met')]").count()) return true;
    await person.button("task-check").click();
    await verdict.first().waitFor();
    return false;
  }).catch(async (error) => assert.fail(`${error.message}: ${await verdict.textContent()}`));
}

async function nextTask(person) {
  const open = person.page.locator(".tasks > [aria-current=step]");
  const before = await open.locator(".task-title").textContent();
  await person.button("task-next").click();
  await until("the next task", async () => (await open.locator(".task-title").textContent()) !== before);
  await person.ready();
  await person.turnTo("stage");
}

everywhere("the lesson is finished", "?lesson=acks-and-loss", async (person) => {
  await person.turnTo("lesson");
  await person.button("task-check").click();
  await person.page.getByText(person.t("lesson-missing-send")).waitFor();
  await person.turnTo("stage");

  // T1: nobody answers, and the request is lost on its way.
  await choose(person, "0");
  await send(person);
  const drop = person.page.getByRole("listitem").filter({ hasText: "Produce" }).getByRole("button", { name: person.t("stage-drop") });
  await person.pressUntil("the Produce request", ".", async () => (await drop.count()) > 0);
  await drop.first().press("Enter");
  await person.play();
  await passes(person, "T1");
  await nextTask(person);

  // T2: the leader has it and says so; its followers do not; it dies.
  await choose(person, "1");
  await hold(person, 0);
  await hold(person, 1);
  await send(person);
  await person.play();
  await until("the acknowledgement", async () => {
    const row = await person.page.getByRole("row", { name: /^p / }).textContent();
    return /[1-9]\d* acked|已确认 [1-9]/.test(row);
  });
  await person.button("stage-kill-label", { id: 1 }).click();
  await person.sees("a new leader", PARTITION, (p) => p.leader > 1);
  await passes(person, "T2");
  await nextTask(person);

  // T3: the followers leave the ISR, the leader answers alone and dies, and one from outside may lead.
  await choose(person, "all");
  await hold(person, 0);
  await hold(person, 1);
  await send(person);
  await person.hurry();
  await person.play();
  await until("the leader's own acknowledgement", async () => {
    const row = await person.page.getByRole("row", { name: /^p / }).textContent();
    return /[1-9]\d* acked|已确认 [1-9]/.test(row);
  });
  await person.button("stage-kill-label", { id: 1 }).click();
  await person.page.getByRole("button", { name: new RegExp(`^${PARTITION} `) }).first().press("Enter");
  await person.turnTo("inspect");
  const unclean = person.page.getByRole("group", { name: "unclean.leader.election.enable" });
  await unclean.getByRole("button", { name: "true", exact: true }).click();
  await person.turnTo("stage");
  await person.sees("a leader from outside the ISR", PARTITION, (p) => p.leader > 1);
  await passes(person, "T3");
  await nextTask(person);

  // T4: too few replicas in sync, so the broker refuses.
  await person.page.getByRole("button", { name: new RegExp(`^${PARTITION} `) }).first().press("Enter");
  await person.turnTo("inspect");
  const setting = person.page.getByRole("group", { name: "min.insync.replicas" });
  await setting.getByRole("button", { name: "2", exact: true }).click();
  await person.hurry();
  await person.play();
  await person.turnTo("inspect");
  await setting.locator("[aria-pressed=true]", { hasText: "2" }).waitFor({ state: "attached" });
  await person.turnTo("stage");
  await choose(person, "all");
  await hold(person, 0);
  await hold(person, 1);
  await send(person);
  await passes(person, "T4");
});
