// Consumers in groups on the stage: who reads what, how far, what a rebalance does and what it costs;
// and the insides of a group, of its members and of a producer.
import assert from "node:assert/strict";
import { findings } from "./axe.js";
import { everywhere } from "./everywhere.js";
import { until } from "./person.js";

const CLUSTER =
  "#v1.engine=3;brokers+3;set+group.initial.rebalance.delay.ms=0;set+offsets.topic.num.partitions=4;" +
  "topic+orders:+b1!b2!b3+*+b2!b3!b1+*+b3!b1!b2;";
const WRITER = "producer+web(topic=orders,rate=10,keys=12);";
const member = (name, group, more = "") => `consumer+${name}(topic=orders,group=${group}${more})`;
/** Two share the partitions, and another group reads everything; a third member has joined at 6 s. */
const TWO_GROUPS =
  `${CLUSTER}${WRITER}${member("billing-1", "billing")};${member("billing-2", "billing")};` +
  `${member("audit-1", "audit")};at+6s+${member("billing-3", "billing")};until=`;
/** Nothing is written; a third member has asked to join, and the others are about to hear of it. */
const JOINING =
  `${CLUSTER}${member("billing-1", "billing")};${member("billing-2", "billing")};` +
  `at+6s+${member("billing-3", "billing")};until=7.6s`;
/** Four members for three partitions. */
const FOUR = `${CLUSTER}${WRITER}${[1, 2, 3, 4].map((n) => member(`team-${n}`, "team")).join(";")};until=8s`;

/** A group as the stage's tables tell it. */
class Group {
  constructor(person, id) {
    this.person = person;
    this.id = id;
    const { page, t } = person;
    const captioned = (pattern) => page.getByRole("table", { name: pattern });
    this.members = captioned(t.pattern("group-table", { name: id }));
    this.partitions = captioned(t.pattern("group-table-partitions", { name: id }));
  }

  async rows(table) {
    if ((await table.count()) !== 1) return [];
    return table.locator("tbody tr").evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent.trim())));
  }

  /** Partitions by member. */
  async shares() {
    const rows = await this.rows(this.members);
    return Object.fromEntries(rows.map(([name, , partitions]) => [name, partitions]));
  }

  /** What each partition's row says. */
  async progress() {
    const number = (text) => (text === "–" ? null : Number(text));
    const rows = await this.rows(this.partitions);
    return rows.map(([partition, owner, position, committed, hw, lag]) => ({
      partition, owner, position: number(position), committed: number(committed), hw: number(hw), lag: number(lag),
    }));
  }

  async isStable(generation) {
    const { t } = this.person;
    const told = t("group-table", { name: this.id, state: "Stable", generation });
    return (await this.person.page.locator("caption").filter({ hasText: told }).count()) === 1;
  }

  /** Opens its inspector from the tables. */
  async open() {
    await this.person.turnTo("stage");
    const name = this.person.t("group-open");
    await this.members.getByRole("button", { name, exact: true }).press("Enter");
    await this.person.turnTo("inspect");
  }
}

/** What the picture shows of readers: each tag's letter with its colour, and the colour of each chip. */
const picture = (person) => person.page.evaluate(() => {
  const colour = (element) => [...element.closest(".of").classList].find((name) => name.startsWith("of-"));
  const all = (selector) => [...document.querySelectorAll(selector)];
  return {
    tags: all(".stage-svg .reader .tag-letter").map((letter) => `${letter.textContent} ${colour(letter)}`),
    chips: all(".stage-svg .chip .chip-number").map((number) => `${number.textContent} ${colour(number)}`),
    signs: all(".stage-svg .tag .tag-letter").map((letter) => `${letter.textContent} ${colour(letter)}`),
  };
});

const panel = (person) => person.page.locator("#panel");

everywhere("one group shares the partitions and another reads them all", `${TWO_GROUPS}8s`, async (person) => {
  const [billing, audit] = [new Group(person, "billing"), new Group(person, "audit")];
  await person.turnTo("stage");
  await until("three members", async () => billing.isStable(3));
  const shares = await billing.shares();
  assert.deepEqual(Object.keys(shares), ["billing-1", "billing-2", "billing-3"]);
  assert.deepEqual(Object.values(shares).sort(), ["orders-0", "orders-1", "orders-2"]);
  assert.deepEqual(await audit.shares(), { "audit-1": "orders-0, orders-1, orders-2" });

  const { tags, chips, signs } = await picture(person);
  // Letters go by consumer, in order of creation: A and B of billing, C of audit, D of billing.
  const letters = new Set(tags.map((tag) => tag[0]));
  if (person.isNarrow) assert.deepEqual([...letters].sort(), ["A", "C"], "readers of the partition on the stage");
  else assert.deepEqual([...letters].sort(), ["A", "B", "C", "D"]);
  assert.equal(chips.length, 6, "each group has a chip for each partition");
  assert.ok(tags.every((tag) => signs.includes(tag)), "a tag has the letter and the colour of its member");

  for (const line of await billing.progress()) {
    assert.equal(line.owner, Object.keys(shares).find((name) => shares[name] === line.partition));
    assert.ok(line.position <= line.hw && (line.committed ?? 0) <= line.position, JSON.stringify(line));
    assert.equal(line.lag, line.hw - (line.committed ?? line.position), "lag is what is not committed");
  }
});

everywhere("a rebalance is drawn step by step, and its pause is measured", JOINING, async (person) => {
  const billing = new Group(person, "billing");
  await person.turnTo("stage");
  const seen = [];
  const step = async () => {
    const found = person.page.locator(".stage-svg .t-consumer.w6");
    const words = (await found.count()) ? await found.first().textContent() : null;
    if (words && seen.at(-1) !== words) seen.push(words);
    return seen.length > 0 && (await billing.isStable(3)) && words === null;
  };
  await person.pressUntil("the end of the rebalance", ".", step, 600);
  const steps = ["revoke", "join", "sync", "assign"].map((name) => person.t(`group-step-${name}`));
  assert.deepEqual(seen.filter((word) => steps.includes(word)), steps);

  const paused = person.t.pattern("rebalance-pause", { count: 3, all: 3 });
  await until("the pause, told", async () => (await person.page.locator(".stage-twin p").filter({ hasText: paused }).count()) === 1);
  await billing.open();
  await person.button("group-part-rebalances").click();
  const newest = panel(person).locator(".rebalances li").first();
  await newest.getByText(person.t.pattern("rebalance-took", { generation: 3, members: 3 })).waitFor();
  await newest.getByText(paused).waitFor();
  assert.equal(await panel(person).locator(".rebalances li").count(), 3);
});

everywhere("a group, its members and a producer open", `${TWO_GROUPS}8s`, async (person) => {
  const billing = new Group(person, "billing");
  await billing.open();
  await panel(person).getByText("range", { exact: true }).first().waitFor();
  await panel(person).getByText(person.t("group-votes")).waitFor();
  await person.button("group-part-offsets").click();
  const row = panel(person).getByRole("row", { name: /^orders-2 / });
  const [, owner, position, committed, hw, lag] = await row.locator("th, td").allTextContents();
  assert.match(owner, /^billing-[123]$/);
  assert.equal(Number(lag), Number(hw) - Number(committed));
  assert.ok(Number(committed) <= Number(position));
  await panel(person).getByRole("button", { name: /^__consumer_offsets-\d$/ }).waitFor();

  await person.turnTo("stage");
  await person.page.getByRole("button", { name: "billing-1", exact: true }).first().press("Enter");
  await person.turnTo("inspect");
  await panel(person).getByText(person.t("consumer-positions")).waitFor();
  await panel(person).getByText(person.t("member-heartbeat")).waitFor();
  await panel(person).getByText(person.t("fetches-title")).waitFor();
  await panel(person).getByRole("button", { name: "billing", exact: true }).press("Enter");
  await panel(person).getByRole("heading", { name: /^billing/ }).waitFor();

  await person.turnTo("stage");
  await person.page.getByRole("button", { name: "web", exact: true }).first().press("Enter");
  await person.turnTo("inspect");
  await panel(person).getByText(person.t("accumulator-title")).waitFor();
  await panel(person).getByText(person.t.pattern("accumulator-memory")).waitFor();
  const flies = panel(person).getByText(person.t.pattern("request-to"));
  await person.turnTo("stage");
  await person.pressUntil("a Produce request in flight", ".", async () => (await flies.count()) > 0);
  assert.match(await flies.first().textContent(), /\d/);
  const batch = panel(person).locator("ul.plain ul li").first();
  assert.match(await batch.textContent(), /^orders-\d/);
});

everywhere("a member is added, and takes its leave", `${TWO_GROUPS}5s`, async (person) => {
  const billing = new Group(person, "billing");
  await billing.open();
  await panel(person).getByRole("button", { name: person.t("group-add-member"), exact: true }).press("Enter");
  const dialog = person.page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: person.t("field-name"), exact: true }).fill("billing-9");
  await dialog.getByRole("button", { name: person.t("submit-add"), exact: true }).press("Enter");
  await dialog.waitFor({ state: "detached" });
  await person.hurry();
  await person.play();
  await until("its share", async () => ((await billing.shares())["billing-9"] ?? "").startsWith("orders-"));
  await person.turnTo("stage");
  await person.page.getByRole("button", { name: "billing-9", exact: true }).first().press("Enter");
  await person.turnTo("inspect");
  await panel(person).getByRole("button", { name: person.t("action-stop"), exact: true }).press("Enter");
  await person.turnTo("stage");
  await until("its leave", async () => {
    const all = Object.entries(await billing.shares());
    const left = all.filter(([name]) => name !== "billing-9").map(([, partitions]) => partitions);
    return left.join(", ").match(/orders-/g)?.length === 3;
  });
});

everywhere("with more members than partitions one is idle", FOUR, async (person) => {
  const team = new Group(person, "team");
  await person.turnTo("stage");
  const none = person.t("group-none");
  await until("four members", async () => Object.keys(await team.shares()).length === 4);
  const shares = await team.shares();
  const idle = Object.keys(shares).filter((name) => shares[name] === none);
  assert.equal(idle.length, 1, JSON.stringify(shares));
  const row = team.members.getByRole("row", { name: new RegExp(`^${idle[0]} `) });
  assert.ok((await row.textContent()).includes(person.t("member-idle")));
  assert.equal(await person.page.locator(".stage-svg .idle-ground").count(), 1);
});

everywhere("axe-core finds nothing about groups, in light and in dark", `${TWO_GROUPS}8s`, async (person) => {
  const billing = new Group(person, "billing");
  const check = async () => {
    for (const part of ["members", "offsets", "rebalances"]) {
      await person.button(`group-part-${part}`).click();
      await person.settled();
      assert.deepEqual(await findings(person.page), [], part);
    }
  };
  await person.turnTo("stage");
  assert.deepEqual(await findings(person.page), []);
  await billing.open();
  await check();
  await person.button("top-theme-dark").click();
  await person.button("top-theme-light").waitFor();
  await check();
  await person.turnTo("stage");
  assert.deepEqual(await findings(person.page), []);
});
