// kafkajs: admin, producer, consumers alone and in pairs, commit and resume, faults.
import { createRequire } from 'node:module';

const kafkajs = createRequire(`${process.env.KIT}/kafkajs/package.json`)('kafkajs');

const { Kafka, CompressionTypes, logLevel } = kafkajs;
const prefix = process.env.PREFIX;
const kafka = new Kafka({ clientId: 'kafkajs', brokers: process.env.BOOTSTRAP.split(','), logLevel: logLevel.NOTHING, retry: { retries: 30, initialRetryTime: 100, maxRetryTime: 500 } });
const say = (...words) => console.log(...words);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const sorted = (list) => [...list].sort((a, b) => (a < b ? -1 : 1));

const answers = [];
const waiting = [];
process.stdin.on('data', (data) => data.toString().trim().split('\n').forEach((line) => (waiting.shift() ?? ((l) => answers.push(l)))(line)));
async function tell(command) {
  say(`@ ${command}`);
  const answer = answers.shift() ?? await new Promise((resolve) => waiting.push(resolve));
  if (answer !== 'ok') throw new Error(answer);
}

async function until(what, condition, seconds = 20) {
  for (let i = 0; i < seconds * 10; i++) {
    if (await condition()) return;
    await sleep(100);
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

const admin = kafka.admin();
await admin.connect();
const topic = `${prefix}orders`;
say('created:', await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 2, replicationFactor: 3, configEntries: [{ name: 'retention.ms', value: '300000000000' }] }] }));
say('again:', await admin.createTopics({ topics: [{ topic, numPartitions: 2, replicationFactor: 3 }] }));
try { await admin.createTopics({ topics: [{ topic: `${prefix}wide`, replicationFactor: 9 }] }); } catch (e) { say('too wide:', e.errors?.[0]?.type ?? e.type); }
const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
say('partitions:', topics[0].partitions.length, 'replicas:', topics[0].partitions[0].replicas.length);
const cluster = await admin.describeCluster();
say('brokers:', cluster.brokers.length, 'controller known:', cluster.brokers.some((b) => b.nodeId === cluster.controller));
const described = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: topic, configNames: ['retention.ms', 'cleanup.policy'] }] });
say('configs:', sorted(described.resources[0].configEntries.map((e) => `${e.configName}=${e.configValue}`)).join(' '));
await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: topic, configEntries: [{ name: 'retention.ms', value: '400000000000' }] }] });
await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
await until('three partitions', async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length === 3);

const producer = kafka.producer();
await producer.connect();
for (const acks of [-1, 1, 0]) {
  await producer.send({ topic, acks, messages: [{ partition: 0, key: `acks${acks}`, value: 'value', headers: { trace: 'abc' }, timestamp: '1700000000000' }] });
}
await until('acks 0', async () => Number((await admin.fetchTopicOffsets(topic)).find((p) => p.partition === 0).offset) === 3);
await producer.send({ topic, acks: -1, compression: CompressionTypes.GZIP, messages: [...Array(10).keys()].map((i) => ({ key: `key-${i}`, value: `value-${i}` })) });
say('offsets:', sorted((await admin.fetchTopicOffsets(topic)).map((p) => `${p.partition}:${p.low}-${p.high}`)).join(' '));
const idempotent = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
await idempotent.connect();
say('idempotent:', (await idempotent.send({ topic, messages: [{ partition: 1, value: 'once' }] }))[0].errorCode);
await idempotent.disconnect();
await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
say('low after delete:', (await admin.fetchTopicOffsets(topic)).find((p) => p.partition === 0).low);

/** Reads until `enough` says so, as members of a group; resolves to what each saw. */
async function read(group, members, of, enough, options = {}) {
  const consumers = [];
  const seen = [];
  for (let m = 0; m < members; m++) {
    const consumer = kafka.consumer({ groupId: `${prefix}${group}`, sessionTimeout: 6000, rebalanceTimeout: 6000, heartbeatInterval: 500, maxWaitTimeInMs: 200 });
    await consumer.connect();
    await consumer.subscribe({ topics: [of], fromBeginning: true });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({ ...options, eachMessage: async ({ partition, message }) => { seen.push({ member: m, partition, offset: message.offset, value: `${message.value}` }); } });
    await joined;
    consumers.push(consumer);
  }
  if (members > 1) await until('all joined', async () => (await admin.describeGroups([`${prefix}${group}`])).groups[0].members.length === members);
  const state = (await admin.describeGroups([`${prefix}${group}`])).groups[0];
  if (options.during) await options.during();
  await until('records', async () => enough(seen));
  await Promise.all(consumers.map((consumer) => consumer.disconnect()));
  return { seen, state };
}

const total = (await admin.fetchTopicOffsets(topic)).reduce((sum, p) => sum + Number(p.high) - Number(p.low), 0);
const alone = await read('alone', 1, topic, (seen) => seen.length >= total);
say('alone:', alone.seen.length === total, 'state', alone.state.state, alone.state.protocol);
say('committed:', sorted((await admin.fetchOffsets({ groupId: `${prefix}alone`, topics: [topic] }))[0].partitions.map((p) => `${p.partition}:${p.offset}`)).join(' '));
await producer.send({ topic, messages: [{ partition: 2, value: 'after' }] });
say('resumed with:', (await read('alone', 1, topic, (seen) => seen.length >= 1)).seen.map((m) => m.value).join(' '));
const pair = await read('pair', 2, topic, (seen) => new Set(seen.map((m) => m.partition + m.offset)).size > total);
say('pair:', pair.state.members.length, 'members, all read:', new Set(pair.seen.map((m) => m.partition + m.offset)).size === total + 1);
say('listed:', (await admin.listGroups()).groups.filter((g) => g.groupId.startsWith(prefix)).length);
say('deleted:', (await admin.deleteGroups([`${prefix}pair`])).map((g) => g.errorCode).join());
try { await admin.deleteGroups([`${prefix}nobody`]); } catch (e) { say('nobody:', e.groups?.[0]?.error?.type ?? e.type); }
await admin.resetOffsets({ groupId: `${prefix}alone`, topic, earliest: true });
say('reset:', (await read('alone', 1, topic, (seen) => seen.length >= total + 1)).seen.length === total + 1);

const hard = `${prefix}survivors`;
await admin.createTopics({ waitForLeaders: true, topics: [{ topic: hard, numPartitions: 1, replicationFactor: 3 }] });
const write = async (from, n) => { for (let i = from; i < from + n; i++) await producer.send({ topic: hard, acks: -1, messages: [{ value: `record-${i}` }] }); };
await write(0, 30);
const dead = (await admin.fetchTopicMetadata({ topics: [hard] })).topics[0].partitions[0].leader;
await tell(`kill ${dead}`);
await write(30, 30);
await tell(`start ${dead}`);
await write(60, 30);
const found = await read('judge', 1, hard, (seen) => new Set(seen.map((m) => m.value)).size >= 90);
say('acknowledged 90, found', new Set(found.seen.map((m) => m.value)).size);

const queue = `${prefix}queue`;
await admin.createTopics({ waitForLeaders: true, topics: [{ topic: queue, numPartitions: 2, replicationFactor: 3 }] });
await producer.send({ topic: queue, acks: -1, messages: [...Array(20).keys()].map((i) => ({ partition: i % 2, value: `task-${i}` })) });
const worker = kafka.consumer({ groupId: `${prefix}steady`, sessionTimeout: 6000, rebalanceTimeout: 6000, heartbeatInterval: 500, maxWaitTimeInMs: 200 });
await worker.connect();
await worker.subscribe({ topics: [queue], fromBeginning: true });
const tasks = new Set();
await worker.run({ autoCommitThreshold: 1, eachMessage: async ({ message }) => { tasks.add(`${message.value}`); if (tasks.size === 11) await sleep(1500); await sleep(50); } });
await until('half of it', async () => tasks.size >= 10);
await tell('kill coordinator of steady');
await until('all of it', async () => tasks.size >= 20, 90);
const committed = async () => (await admin.fetchOffsets({ groupId: `${prefix}steady`, topics: [queue] }))[0].partitions.reduce((sum, p) => sum + Number(p.offset), 0);
await until('the last commit', async () => await committed() === 20, 60);
await worker.disconnect();
await tell('start it');
say("through the coordinator's death", tasks.size, 'committed', await committed());
await admin.deleteTopics({ topics: [topic] });
await until('deletion', async () => !(await admin.listTopics()).includes(topic));
say('deleted the topic');
await producer.disconnect();
await admin.disconnect();
process.exit(0);
