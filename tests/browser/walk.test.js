// The walk: a record is committed, the leader is killed, another takes over, the page is reloaded and
// recovers, and a link shows somebody else the same events.
import assert from "node:assert/strict";
import { arrive, everywhere } from "./everywhere.js";
import { until } from "./person.js";

const PARTITION = "orders-0";

everywhere("kill the leader, reload, share", "", async (person, language, screen) => {
  await person.hurry();
  await person.play();
  const first = await person.sees("a committed record", PARTITION, (p) => p.leader > 0 && p.hw > 0);

  await person.button("stage-kill-label", { id: first.leader }).click();
  const next = await person.sees("a new leader", PARTITION, (p) => p.leader > 0 && p.leader !== first.leader);
  assert.ok(next.epoch > first.epoch, "the new leader's epoch is higher");
  await person.sees("a record committed by the new leader", PARTITION, (p) => p.hw > next.hw);
  await person.button("stage-start-label", { id: first.leader }).click();

  await person.pause();
  await person.page.getByText(person.t("saved-all")).first().waitFor({ state: "attached" });
  const before = await person.partition(PARTITION);
  await person.reload();
  await person.button("time-play").waitFor();
  const again = person.t.pattern("command-start-again");
  await until("who was started again", async () => (await person.events()).some((event) => again.test(event)));
  await person.hurry();
  await person.play();
  const after = await person.sees("what was committed, after the reload", PARTITION, (p) => p.hw >= before.hw);
  assert.ok(Math.max(...after.leos) >= before.hw, "nothing committed is lost");
  await person.sees("records written after the reload", PARTITION, (p) => p.hw > before.hw);

  await person.pause();
  const link = await person.link();
  assert.match(link, /#v1\./);
  const other = await arrive(language, screen, link);
  await other.pause();
  await until("the same moment in another profile", async () => (await other.link()) === link);
  other.silent();
  await other.context.close();
});

everywhere("a damaged link is refused by name, and the playground opens", "#v1.engine=1;brokers+3;sneed+1", async (person) => {
  const dialog = person.page.getByRole("dialog");
  await dialog.getByText(person.t("sheet-damaged-title")).waitFor();
  await dialog.getByText("sneed").first().waitFor();
  await person.dismiss();
  await person.hurry();
  await person.play();
  await person.sees("the playground", PARTITION, (p) => p.hw > 0);
});

everywhere("the causes of a committed record lead back to a command", "", async (person) => {
  await person.hurry();
  await person.play();
  await person.sees("a committed record", PARTITION, (p) => p.hw > 0);
  await person.pause();
  await person.turnTo("events");
  const advanced = person.t.pattern("event-high-watermark-advanced", { role: "leader", partition: PARTITION });
  const row = person.page.locator("#events .events").getByRole("button", { name: advanced }).first();
  await row.click();
  const causes = person.page.locator("#events .why li");
  await until("its causes", async () => (await causes.count()) > 3);
  const last = await causes.allTextContents();
  const command = person.t.pattern("command-add-producer");
  assert.ok(last.some((cause) => command.test(cause)), `no command among: ${last.join(" | ")}`);
});
