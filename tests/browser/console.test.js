// The console: a topic from the command line, lines from one terminal to another, keys, and time travel.
import assert from "node:assert/strict";
import { findings } from "./axe.js";
import { everywhere } from "./everywhere.js";
import { until } from "./person.js";

const AT = "--bootstrap-server b1:9092";

/** The console as a person uses it. */
class Terminal {
  constructor(person) {
    this.person = person;
    this.page = person.page;
    this.line = this.page.getByRole("combobox").and(this.page.locator("#console-line"));
    this.screen = this.page.getByRole("log", { name: person.t.pattern("console-screen") });
  }

  /** Opens it, with the world running in real time. */
  static async open(person) {
    await person.hurry();
    await person.play();
    if (person.isNarrow) await person.turnTo("console");
    else await person.button("console-open").click();
    const terminal = new Terminal(person);
    await terminal.line.waitFor();
    return terminal;
  }

  async type(line) {
    await this.line.fill(line);
    await this.line.press("Enter");
  }

  async shows(text) {
    await until(`${text} on the screen`, async () => (await this.screen.innerText()).includes(text));
  }

  /** Waits until no tool runs: the prompt of the machine is back. */
  async prompt() {
    const name = this.person.t.pattern("console-line");
    await until("the prompt", async () => name.test((await this.line.getAttribute("aria-label")) ?? ""));
  }

  async run(line, answer) {
    await this.type(line);
    await this.shows(answer);
    await this.prompt();
  }
}

everywhere("a topic is made, described, written to and read at two terminals", "", async (person) => {
  const terminal = await Terminal.open(person);
  await terminal.run(`kafka-topics ${AT} --create --topic chat --partitions 2`, "Created topic chat.");
  await terminal.run(`kafka-topics ${AT} --describe --topic chat`, "PartitionCount: 2");
  await terminal.type(`kafka-console-producer ${AT} --topic chat --sync`);
  await terminal.shows("--sync");
  await terminal.type("hello 你好");
  await terminal.shows(">hello 你好");
  await person.button("console-new").click();
  await terminal.type(`kafka-console-consumer ${AT} --topic chat --from-beginning`);
  await terminal.shows("--from-beginning\nhello 你好");
  const running = person.t("console-terminal-running", { name: "console", tool: "kafka-console-producer" });
  await person.page.getByRole("button", { name: running }).waitFor();

  await terminal.line.press("Control+c");
  await terminal.shows("Processed a total of 1 messages");
  await terminal.prompt();
  await person.page.getByRole("button", { name: running }).click();
  await terminal.shows(">hello 你好");
  await terminal.line.press("Control+d");
  await terminal.prompt();
  assert.deepEqual(await findings(person.page), []);
});

everywhere("Tab completes, the arrows choose and walk through the history, and Esc lets Tab go", "", async (person) => {
  const terminal = await Terminal.open(person);
  await terminal.line.fill("kafka-to");
  await terminal.line.press("Tab");
  assert.equal(await terminal.line.inputValue(), "kafka-topics ");
  await terminal.line.pressSequentially("--boot");
  await terminal.line.press("Tab");
  await terminal.line.press("Tab");
  assert.equal(await terminal.line.inputValue(), "kafka-topics --bootstrap-server b");
  const offers = person.page.getByRole("listbox").getByRole("option");
  assert.equal(await offers.count(), 3);
  await terminal.line.press("ArrowDown");
  await terminal.line.press("ArrowDown");
  const chosen = await terminal.line.getAttribute("aria-activedescendant");
  assert.match(await person.page.locator(`#${chosen}`).innerText(), /^b2:9092/);
  await terminal.line.press("Enter");
  await terminal.line.pressSequentially("--list");
  assert.equal(await terminal.line.inputValue(), "kafka-topics --bootstrap-server b2:9092 --list");
  await terminal.line.press("Enter");
  await terminal.shows("orders");
  await terminal.prompt();
  await terminal.line.press("ArrowUp");
  assert.equal(await terminal.line.inputValue(), "kafka-topics --bootstrap-server b2:9092 --list");
  await terminal.line.press("Escape");
  await terminal.line.press("Tab");
  assert.notEqual(await person.page.evaluate(() => document.activeElement?.id), "console-line");
});

everywhere("a slip gets Kafka's answer and a line that says what to try", "", async (person) => {
  const terminal = await Terminal.open(person);
  await terminal.run(`kafka-topics ${AT} --lits`, "lits is not a recognized option");
  await terminal.shows(person.t("hint-flag", { tool: "kafka-topics", typed: "lits", near: "list" }));
  await terminal.run(`kafka-topic ${AT} --list`, "command not found");
  await terminal.shows(person.t("hint-tool", { typed: "kafka-topic", near: "kafka-topics" }));
  await terminal.run("kafka-topics --help", "REQUIRED: The Kafka server to connect");
  await terminal.type("cat x | kafka-topics");
  await person.page.getByText(person.t("console-no-operator", { what: "|" })).waitFor();
});

everywhere("going back shows the screen of then, and a reload keeps it", "", async (person) => {
  const terminal = await Terminal.open(person);
  await terminal.run(`kafka-topics ${AT} --create --topic first`, "Created topic first.");
  await person.pause();
  const clock = () => person.page.locator(".clock b").innerText();
  const then = await clock();
  await person.play();
  await until("a second", async () => (await clock()) > then);
  await terminal.run(`kafka-topics ${AT} --create --topic second`, "Created topic second.");
  await person.pause();
  const before = async () => !(await terminal.screen.innerText()).includes("second");
  for (let n = 0; n < 60 && !(await before()); n += 1) {
    await person.page.evaluate(() => document.activeElement?.blur());
    await person.page.keyboard.press("ArrowLeft");
    await person.settled();
  }
  assert.ok(await before(), "the second topic has not been asked for");
  await person.page.keyboard.press("ArrowRight");
  for (let n = 0; n < 60 && (await before()); n += 1) {
    await person.page.keyboard.press("ArrowRight");
    await person.settled();
  }
  await terminal.shows("Created topic second.");
  await until("saved", async () => (await person.page.getByText(person.t("saved-all")).count()) > 0 || person.isNarrow);
  await person.reload();
  if (person.isNarrow) await person.turnTo("console");
  await terminal.shows("Created topic first.");
});

everywhere("a tool that waits while time stands still says so", "", async (person) => {
  const terminal = await Terminal.open(person);
  await person.pause();
  await terminal.type(`kafka-topics ${AT} --list`);
  await person.page.getByText(person.t("console-waits", { tool: "kafka-topics" })).waitFor();
  await person.button("console-play").click();
  await terminal.shows("orders");
  await terminal.prompt();
});
