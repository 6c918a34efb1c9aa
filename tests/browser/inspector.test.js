// Looking inside, and breaking things where they stand: every control by its name, in both languages.
import assert from "node:assert/strict";
import { findings } from "./axe.js";
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

/** The bar's moment in seconds. */
async function moment(person) {
  const slider = person.page.getByRole("slider", { name: person.t("time-position") });
  return Number(await slider.getAttribute("aria-valuenow")) / 1000;
}

everywhere("what the checker finds is a red mark at its moment, reached by keyboard and told", OLD_LOSS.replace("until=20s", "until=12s"), async (person) => {
  const mark = person.page.locator(".mark.broken");
  const hold = person.page.getByRole("button", { name: person.t.pattern("rules-hold") });
  await person.page.getByText(person.t("old-truncation")).waitFor();
  await hold.waitFor();
  assert.equal(await mark.count(), 0, "all rules hold before the second leader's death is noticed");
  await person.hurry();
  await person.play();
  await mark.first().waitFor();
  await person.pause();
  await person.turnTo("stage");
  assert.equal(await hold.count(), 0);
  const colour = await mark.first().evaluate((it) => getComputedStyle(it).color);
  const [red, green, blue] = colour.match(/\d+/g).map(Number);
  assert.ok(red > 2 * green && red > 2 * blue, `red, not ${colour}`);

  // Its sign at the tools opens the list; the newest breach is told first, and Enter goes there.
  const broken = person.page.getByRole("button", { name: person.t("rules-broken", { count: 1 }) });
  await broken.press("Enter");
  const dialog = person.page.getByRole("dialog", { name: person.t("rules-title") });
  await dialog.waitFor();
  assert.deepEqual(await findings(person.page), []);
  const row = dialog.getByRole("button", { name: new RegExp(`${person.t("mark-broken")} `) }).last();
  const told = await row.textContent();
  const seconds = Number(/\d+\.\d+/.exec(told)[0]);
  assert.ok(seconds > 12, "the rule broke after the link's moment");
  const slider = person.page.getByRole("slider", { name: person.t("time-position") });
  const end = Number(await slider.getAttribute("aria-valuemax")) / 1000;
  const share = await mark.first().evaluate((it) => Number.parseFloat(it.style.left) / 100);
  assert.ok(Math.abs(share * end - seconds) < 0.01 * end, `at ${share} of ${end} s, not at ${seconds} s`);
  await row.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await until("the mark's moment", async () => Math.abs((await moment(person)) - seconds) < 0.01);
  await person.turnTo("events");
  const story = person.page.locator("#events .why li");
  await until("its story", async () => (await story.count()) > 1);
  const sentence = (await story.allTextContents()).at(-1);
  assert.match(sentence, /t-0/, "the story ends with the rule and its partition");
  assert.deepEqual(await findings(person.page), []);

  await mark.first().dispatchEvent("pointerdown");
  await until("the mark pressed goes there too", async () => Math.abs((await moment(person)) - seconds) < 0.01);
});

/** One consumer of a group reads what is written, and stands still. */
const READER =
  "#v1.engine=3;brokers+3;set+group.initial.rebalance.delay.ms=0;set+offsets.topic.num.partitions=1;topic+orders:+b1!b2!b3;" +
  "producer+web(topic=orders,rate=10,keys=3);consumer+app(topic=orders,group=g);until=6s";

everywhere("a consumer is sent to the beginning and to the end, paused and resumed", READER, async (person) => {
  await open(person, "app");
  const panel = inspector(person);
  const row = panel.getByRole("row", { name: /^orders-0/ });
  const numbers = async () => (await row.locator("td").allTextContents()).map((text) => (text === "–" ? null : Number(text)));
  const named = (key) => panel.getByRole("button", { name: person.t(key, { name: "app", partition: "orders-0" }), exact: true });
  await named("steer-beginning-label").waitFor();
  const [before, , high] = await numbers();
  assert.ok(before > 20 && high >= before, `it reads: ${before} of ${high}`);

  await named("steer-beginning-label").press("Enter");
  await person.pressUntil("its position at the beginning", ".", async () => (await numbers())[0] === 0);
  await person.hears("event-position-sought", { to: 0 });
  assert.ok((await numbers())[3] >= high, "all of it is to be read again");

  await named("steer-end-label").press("Enter");
  await person.hurry();
  await person.play();
  await person.turnTo("inspect");
  await until("its position at the end", async () => (await numbers())[0] >= high);

  await named("steer-pause-label").click();
  await panel.getByText(person.t("consumer-paused"), { exact: true }).waitFor();
  await named("steer-resume-label").waitFor();
  const [paused] = await numbers();
  await until("more that waits", async () => (await numbers())[3] > 10);
  assert.equal((await numbers())[0], paused, "a paused consumer reads nothing of it");

  await named("steer-resume-label").click();
  await panel.getByText(person.t("consumer-paused"), { exact: true }).waitFor({ state: "detached" });
  await until("it reads on", async () => (await numbers())[0] > paused + 10);
  await person.pause();
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
