// The time bar: steps, seeks, bookmarks, and branches as a tree that can be named, compared and deleted.
import assert from "node:assert/strict";
import { findings } from "./axe.js";
import { everywhere } from "./everywhere.js";
import { until } from "./person.js";

const TEXT = `brokers 3
seed 1
set zookeeper.session.timeout.ms=6000
topic t: b2>b3>b1
producer web{topic=t, rate=5}
consumer c1{topic=t, group=g}
at 8s kill b2
until=20s
`;

/** The leader of t-0 as the stage's tables say: the topic's come before the group's. */
async function leader(person) {
  const row = person.page.getByRole("row", { name: /^t-0 / }).first();
  return (await row.count()) ? Number((await row.locator("td").first().textContent()).trim()) : 0;
}

async function opened(person) {
  await person.pause();
  await person.button("top-open").click();
  const dialog = person.page.getByRole("dialog", { name: person.t("open-title") });
  await dialog.getByRole("textbox").fill(TEXT);
  await dialog.getByRole("button", { name: person.t("open-do"), exact: true }).click();
  await until("the election behind the death", async () => (await leader(person)) === 3);
}

const slider = (person) => person.page.getByRole("slider", { name: person.t("time-position") });
const at = async (person) => Number(await slider(person).getAttribute("aria-valuenow"));

/** Presses a key on the bar and waits until the moment is as wanted. */
async function press(person, key, wanted) {
  await slider(person).focus();
  await person.page.keyboard.press(key);
  await until(`${key} on the bar`, async () => wanted(await at(person)));
}

everywhere("seeks and steps go there and back, and the bookmarks are those of what happened", "", async (person) => {
  await opened(person);
  const end = await at(person);
  await press(person, "Home", (now) => now === 0);
  await press(person, "End", (now) => now === end);
  await person.page.locator("body").click({ position: { x: 2, y: 2 } });
  const link = await person.link();
  for (const [there, back] of [[".", ","], ["m", "Shift+M"], ["ArrowRight", "ArrowLeft"]]) {
    await person.page.evaluate(() => document.activeElement.blur());
    await person.page.keyboard.press(there);
    await until(`a step by ${there}`, async () => (await person.link()) !== link);
    await person.page.keyboard.press(back);
    if (there !== "m") await until(`a step back by ${back}`, async () => (await at(person)) <= end);
  }
  assert.equal(await leader(person), 3);
  const bar = slider(person);
  for (const mark of ["mark-election", "mark-death", "mark-rebalance"]) {
    assert.ok(await bar.getByTitle(person.t(mark), { exact: true }).count(), `${mark} stands on the bar`);
  }
});

everywhere("what is done in the past begins a branch that can be named, compared, deleted and brought back", "", async (person) => {
  await opened(person);
  const first = await person.link();
  await press(person, "PageDown", (now) => now < 20_000);
  await person.turnTo("stage");
  await person.button("stage-kill-label", { id: 3 }).click();
  await person.button("stage-start-label", { id: 3 }).waitFor();
  const second = await person.link();
  assert.equal(await person.page.locator(".fork").count(), 1, "the other future hangs on the bar");

  await person.page.keyboard.press("b");
  const dialog = person.page.getByRole("dialog", { name: person.t("branches-title") });
  await dialog.waitFor();
  const rows = dialog.getByRole("listitem");
  assert.equal(await rows.count(), 2);
  assert.match(await dialog.textContent(), /\d+[^]*512/, "how many checkpoints there are, and at most");
  await rows.first().getByRole("textbox").fill("one death");
  await rows.first().getByRole("textbox").press("Tab");
  await dialog.getByRole("button", { name: new RegExp(`^${person.t("branch-compare")}`) }).click();
  const table = dialog.getByRole("table");
  await table.waitFor();
  assert.match(await table.textContent(), /one death[^]*t-0/);
  assert.deepEqual(await findings(person.page), []);
  await dialog.getByRole("button", { name: new RegExp(`^${person.t("branch-open")}`) }).click();
  await until("the first branch", async () => (await rows.first().getAttribute("aria-current")) === "true");
  await person.dismiss();
  await press(person, "End", () => true);
  await until("its end is as it was", async () => (await person.link()) === first);

  await person.page.keyboard.press("b");
  await dialog.getByRole("button", { name: new RegExp(`^${person.t("branch-delete")}`) }).click();
  await until("one branch", async () => (await rows.count()) === 1);
  await person.dismiss();
  await person.page.evaluate(() => document.activeElement.blur());
  await person.page.keyboard.press("z");
  await until("two branches again", async () => (await person.page.locator(".fork").count()) === 1);
  await person.page.keyboard.press("b");
  assert.equal(await rows.first().getByRole("textbox").inputValue(), "one death");
  await dialog.getByRole("button", { name: new RegExp(`^${person.t("branch-open")}`) }).click();
  await person.dismiss();
  await until("the second branch", async () => (await person.link()) === second);
});
