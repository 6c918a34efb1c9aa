// Own work when something else is opened: it is asked about where it would be gone, and comes back where
// it is kept.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { findings } from "./axe.js";
import { everywhere } from "./everywhere.js";
import { until } from "./person.js";

const PARTITION = "t-0";
/** Two texts that differ in the leader alone, and neither has a digest. */
const text = (leader, follower) => `brokers 3\nseed 4\ntopic t: b${leader}>b${follower}\nproducer web{topic=t, rate=10}\nuntil=5s\n`;
const LINK = "#v1.engine=3;brokers+3;seed+4;topic+t:+b3!b2;producer+web(topic=t,+rate=10);until=5s";

const withoutStorage = () => {
  IDBFactory.prototype.open = () => {
    throw new DOMException("storage is off here", "SecurityError");
  };
};

async function open(person, words) {
  await person.button("top-open").click();
  const dialog = person.page.getByRole("dialog", { name: person.t("open-title") });
  await dialog.getByRole("textbox").fill(words);
  await dialog.getByRole("button", { name: person.t("open-do"), exact: true }).click();
}

async function follow(person, hash) {
  await person.page.evaluate((hash) => { location.hash = hash; }, hash);
}

/** Kills a broker: own work. */
async function kills(person, id) {
  await person.turnTo("stage");
  await person.button("stage-kill-label", { id }).click();
  await person.button("stage-start-label", { id }).waitFor();
}

const isDead = (person, id) => person.button("stage-start-label", { id }).count();

everywhere("unsaved work is asked about before a link, a text or a file takes its place", "", async (person) => {
  await person.pause();
  await kills(person, 2);
  const mine = await person.link();
  const dialog = person.page.getByRole("dialog", { name: person.t("replace-title") });
  const press = (key) => dialog.getByRole("button", { name: person.t(key), exact: true }).click();

  await follow(person, LINK);
  await dialog.waitFor();
  assert.deepEqual(await findings(person.page), []);
  await press("replace-stay");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await person.link(), mine, "nothing changed");

  await open(person, text(3, 2));
  await dialog.waitFor();
  const [download] = await Promise.all([person.page.waitForEvent("download"), press("replace-save")]);
  const saved = await readFile(await download.path(), "utf8");
  assert.match(saved, /kill b2/);
  await person.dismiss();
  assert.equal(await person.link(), mine, "Escape stays");

  await follow(person, LINK);
  await dialog.waitFor();
  await press("replace-open");
  await person.sees("the link's leader", PARTITION, (p) => p.leader === 3);
  assert.equal(await isDead(person, 2), 0);
  // Nothing was done here yet, so nothing is asked; and the file holds what was let go.
  await open(person, saved);
  await until("the moment that was saved as a file", async () => (await person.link()) === mine);
}, withoutStorage);

everywhere("kept work is not asked about, is never taken for another, and comes back", "", async (person) => {
  await person.pause();
  await open(person, text(1, 2));
  await person.sees("the first text", PARTITION, (p) => p.leader === 1);
  await kills(person, 2);
  await open(person, text(3, 2));
  await person.sees("the second text", PARTITION, (p) => p.leader === 3);
  assert.equal(await isDead(person, 2), 0, "it is not the first one's work");
  await kills(person, 1);

  await open(person, text(1, 2));
  await person.page.getByText(person.t("notice-as-left")).first().waitFor();
  await person.sees("the first one again", PARTITION, (p) => p.leader >= 0);
  await until("as it was left", () => isDead(person, 2));
  await person.button("notice-begin-anew").click();
  await person.sees("the first text from its beginning", PARTITION, (p) => p.leader === 1);
  assert.equal(await isDead(person, 2), 0);
  await person.page.keyboard.press("z");
  await until("what was done is not gone", () => isDead(person, 2));
});
