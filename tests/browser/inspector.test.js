// Looking inside, and breaking things where they stand: every control by its name, in both languages.
import assert from "node:assert/strict";
import { everywhere } from "./everywhere.js";
import { until } from "./person.js";

const PARTITION = "orders-0";

/** A cluster with some records, standing still. */
async function withRecords(person, least = 6) {
  await person.hurry();
  await person.play();
  const found = await person.sees("committed records", PARTITION, (p) => p.leader > 0 && p.hw >= least);
  await person.pause();
  return found;
}

/** Opens something on the stage by keyboard, and turns to what it shows. */
async function open(person, name) {
  await person.turnTo("stage");
  await person.page.getByRole("button", { name }).first().press("Enter");
  await person.turnTo("inspect");
}

const inspector = (person) => person.page.locator("#panel");

everywhere("a replica shows its segments, index, records, epochs and files", "", async (person) => {
  await withRecords(person);
  const strip = person.t.pattern("stage-replica-label", { partition: PARTITION, broker: 2 });
  await open(person, strip);
  const panel = inspector(person);
  await panel.getByText(person.t("replica-on", { broker: 2 }), { exact: true }).waitFor();

  const segment = panel.getByRole("button", { name: "00000000000000000000.log", exact: true });
  await segment.click();
  await person.has(segment, "aria-expanded", "true");
  await panel.getByRole("columnheader", { name: person.t("column-position"), exact: true }).waitFor();

  await person.button("part-records").click();
  const value = panel.locator(".records td.mono");
  await until("records", async () => (await value.count()) >= 6);
  await panel.getByText(person.t.pattern("batch-line")).first().waitFor();

  await person.button("part-epochs").click();
  await panel.getByText(person.t("epochs-what")).waitFor();

  await person.button("part-files").click();
  await panel.getByText("leader-epoch-checkpoint", { exact: true }).waitFor();
  await person.button("flip-label", { file: "00000000000000000000.log" }).click();
  await person.hears("event-disk-rotted", { count: 1 });
});

everywhere("ZooKeeper shows its znodes, watches and sessions, and the controller what it believes", "", async (person) => {
  await withRecords(person, 1);
  await open(person, person.t("stage-zookeeper"));
  const panel = inspector(person);
  const broker = panel.locator("summary, .zn").filter({ hasText: person.t("zookeeper-ephemeral") });
  await until("three ephemeral znodes and the controller's", async () => (await broker.count()) >= 4);
  await panel.getByText(person.t.pattern("zookeeper-child-watch")).first().waitFor();
  await person.button("zookeeper-sessions").click();
  await until("three sessions", async () => (await panel.locator("tbody tr").count()) === 3);
  await panel.getByRole("button", { name: person.t.pattern("zookeeper-controller") }).click();
  await person.button("broker-controller").click();
  const row = panel.getByRole("row", { name: new RegExp(`^${PARTITION} `) });
  await row.waitFor();
  await person.settled();
  assert.equal(await panel.locator(".differs").count(), 0, "the controller believes what is so");
});

everywhere("a broker is frozen, and runs on", "", async (person) => {
  const { leader } = await withRecords(person, 1);
  const other = [1, 2, 3].find((id) => id !== leader);
  await person.turnTo("stage");
  await person.button("stage-pause-label", { id: other }).click();
  const row = person.page.getByRole("row", { name: new RegExp(`^${person.t("stage-broker", { id: other })} ${person.t("stage-state-paused")}`) });
  await until("a frozen broker", async () => (await row.count()) === 1);
  await person.button("stage-resume-label", { id: other }).click();
  await until("a running broker", async () => (await row.count()) === 0);
});

everywhere("a link is cut from the tables, and healed", "", async (person) => {
  await withRecords(person, 1);
  await person.turnTo("stage");
  const ends = `${person.t("stage-broker", { id: 1 })} – ${person.t("stage-broker", { id: 3 })}`;
  const row = person.page.getByRole("row", { name: new RegExp(`^${ends} `) });
  await row.getByRole("button").press("Enter");
  await person.turnTo("inspect");
  await inspector(person).getByRole("button", { name: person.t("action-cut"), exact: true }).click();
  await inspector(person).getByText(person.t("link-cut")).waitFor();
  await person.turnTo("stage");
  await until("a cut link", async () => (await row.textContent()).includes(person.t("link-state-cut")));
  await person.turnTo("inspect");
  await person.button("action-heal").click();
  await inspector(person).getByText(person.t("link-flows")).waitFor();
});

everywhere("a disk fills up, dies and works again, and the network is split", "", async (person) => {
  await withRecords(person, 1);
  await open(person, person.t("stage-broker", { id: 2 }));
  const panel = inspector(person);
  const disk = panel.getByRole("group", { name: person.t("disk-state"), exact: true });
  const chosen = (key) => disk.getByRole("button", { name: person.t(key), exact: true, pressed: true });
  await chosen("disk-works").waitFor();
  for (const key of ["disk-slow", "disk-full", "disk-dead", "disk-works"]) {
    await disk.getByRole("button", { name: person.t(key), exact: true }).click();
    await chosen(key).waitFor();
  }
  await person.hears("event-disk-works");

  await person.turnTo("inspect");
  const side = panel.getByRole("group", { name: person.t("split-side"), exact: true });
  await side.getByRole("button", { name: person.t("stage-zookeeper"), exact: true }).click();
  await side.getByRole("button", { name: person.t("stage-zookeeper"), exact: true, pressed: true }).waitFor();
  await person.button("split-cut").click();
  const other = panel.getByRole("row", { name: new RegExp(`^${person.t("stage-broker", { id: 3 })} `) });
  await until("a cut link to the other side", async () => (await other.textContent()).includes(person.t("link-state-cut")));
  const own = panel.getByRole("row", { name: new RegExp(`^${person.t("stage-zookeeper")} `) });
  assert.ok((await own.textContent()).includes(person.t("link-state-flows")));
  await person.button("split-heal").click();
  await until("a healed link", async () => (await other.textContent()).includes(person.t("link-state-flows")));
});

everywhere("the checker's rules and the bar's marks are a list, and old behaviour is always labelled", "", async (person) => {
  await withRecords(person, 1);
  await person.turnTo("stage");
  await person.page.getByRole("button", { name: person.t.pattern("rules-hold") }).click();
  const dialog = person.page.getByRole("dialog");
  await dialog.getByText(person.t("rules-what")).waitFor();
  await dialog.getByRole("button", { name: new RegExp(`${person.t("mark-election")} `) }).first().click();
  await dialog.waitFor({ state: "detached" });
  await person.turnTo("events");
  await until("its story", async () => (await person.page.locator("#events .why li").count()) > 0);

  await person.turnTo("stage");
  await person.page.getByRole("button", { name: person.t.pattern("rules-hold") }).click();
  await dialog.getByRole("checkbox").check();
  await person.dismiss();
  await person.page.getByText(person.t("old-truncation")).waitFor();
});

const OLD_LOSS =
  "#v1.engine=3;brokers+4;set+replica.lag.time.max.ms=20000;set+zookeeper.session.timeout.ms=6000;set+lab.truncation=hw;" +
  "topic+t:+b2!b3!b4;producer+p(topic=t);at+2s+send+p+m1;at+4s+send+p+m2;at+4.1s+kill+b2;at+4.1s+hold+b3-b4;at+11.5s+kill+b3;until=20s";

everywhere("what the checker finds is a red mark on the time bar, pressed for its story", OLD_LOSS, async (person) => {
  const mark = person.page.locator(".mark.broken");
  await mark.first().waitFor();
  await person.page.getByText(person.t("old-truncation")).waitFor();
  await mark.first().dispatchEvent("pointerdown");
  await person.turnTo("events");
  await until("its story", async () => (await person.page.locator("#events .why li").count()) > 1);
});

everywhere("single keys can be switched off, and stay off", "", async (person) => {
  await person.pause();
  await person.button("top-help").click();
  await person.page.getByRole("checkbox", { name: person.t("help-letters-on") }).uncheck();
  await person.dismiss();
  await person.reload();
  await person.pause();
  await person.page.keyboard.press("k");
  await person.settled();
  assert.equal(await person.button("tool-kill").getAttribute("aria-pressed"), "false");
});

everywhere("a topic gets another partition from its inspector", "", async (person) => {
  await withRecords(person, 1);
  await open(person, person.t.pattern("stage-replica-label", { partition: PARTITION, broker: 1 }));
  await inspector(person).getByRole("button", { name: person.t("topic-add-partition"), exact: true }).click();
  await person.turnTo("stage");
  await person.play();
  await until("a third partition", async () => (await person.partition("orders-2")) !== null);
});
