// What somebody writes who embeds Highwater, in TypeScript: every method, option and event of the
// declaration. It is compiled by embed.test.js and never run.
import { embed, type Highwater, type LogRecord, type Moment, type Partition, type View, type WorldEvent } from "../../www/js/highwater.js";

const element: Element = document.body;
const highwater: Highwater = await embed(element, { src: "./highwater/", link: "#v1.brokers+1", lang: "zh", theme: "dark", whole: true });
const same: Highwater | undefined = window.highwater;
await embed(element);

await highwater.load("brokers 1\ntopic t: b1");
await highwater.apply("kill b1");
await highwater.apply({ Kill: { node: { Broker: 1 } } });
await highwater.seek(5);
await highwater.seek("12.5s");
await highwater.play();
await highwater.play(false);
await highwater.play(0.01);

const view: View = highwater.view();
const partition: Partition | undefined = view.topics[0]?.partitions[0];
const leader: number | null = partition?.leader ?? null;
const link: string = highwater.link();
const records: LogRecord[] | null = highwater.records(leader ?? 1, "t-0", 0, 10);
const values: (string | null)[] = (records ?? []).map(({ value }) => value);

const off: () => void = highwater.on("LeaderElected", (event: WorldEvent) => console.log(event.seconds, event.detail.leader));
highwater.on("event", ({ id, kind, node, cause }) => console.log(id, kind, node, cause));
highwater.on("change", ({ seconds }: Moment) => console.log(seconds));
highwater.on("moved", (moment) => console.log(moment.seconds));
off();
console.log(same?.view().saved === "all", view.groups[0]?.members[0]?.owned, link, values);

// What is wrong is refused while it is compiled.
// @ts-expect-error a moment is a number or a text
await highwater.seek({ seconds: 5 });
// @ts-expect-error a link is a text
await highwater.load(5);
// @ts-expect-error there is no such language
await embed(element, { lang: "fr" });
// @ts-expect-error a change tells a moment, not an event
highwater.on("change", ({ detail }) => console.log(detail));
// @ts-expect-error a partition may have no leader
const surely: number = view.topics[0].partitions[0].leader;
// @ts-expect-error there is no such method
highwater.pause();
