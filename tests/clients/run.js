// Runs programs of real clients against `highwater serve` and compares what they print with what the
// same programs printed against a real Kafka (expected/).
//
//   node tests/clients/run.js [WORD…]              all programs, those named, or whose names hold a word
//   node tests/clients/run.js --record [WORD…]     against a real Kafka 3.9.1 (scripts/setup.sh oracle)
//                                                  and writes expected/
//   node tests/clients/run.js --at HOST:PORT,…     against a cluster that runs already; no faults then
//
// A program gets BOOTSTRAP and PREFIX (of its topics and groups). A line `@ kill 2` has that done to a
// broker, `@ kill coordinator of GROUP` to the one that coordinates a group, and `@ start it` starts that one
// again; the answer comes on its standard input. One that cannot run has failed.
import { spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const cache = process.env.HIGHWATER_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(process.env.HOME, '.cache'), 'highwater');
const kit = join(cache, 'clients');
const python = join(kit, 'venv', 'bin', 'python');
const go = (use) => [join(kit, 'kafka-go'), use];

// Settings that make a cluster quick, of both clusters alike. Programs write records of 2023: none expires.
const settings = ['zookeeper.session.timeout.ms=3000', 'group.initial.rebalance.delay.ms=0',
  'offsets.topic.num.partitions=4', 'offsets.topic.replication.factor=3', 'auto.leader.rebalance.enable=false',
  'log.retention.hours=-1', 'default.replication.factor=3'];

const programs = {
  'kafka-go-admin': go('admin'),
  'kafka-go-write': go('write'),
  'kafka-go-read': go('read'),
  'kafka-go-group': go('group'),
  'kafka-go-faults': go('faults'),
  'kcat': ['bash', join(here, 'kcat.sh')],
  'kcat-group': ['bash', join(here, 'kcat-group.sh')],
  'java-topics': ['bash', join(here, 'java-topics.sh')],
  'java-records': ['bash', join(here, 'java-records.sh')],
  'java-groups': ['bash', join(here, 'java-groups.sh')],
  'java-faults': ['bash', join(here, 'java-faults.sh')],
  'kafka-python': [python, join(here, 'python', 'kafka_python_client.py')],
  'confluent-kafka': [python, join(here, 'python', 'confluent_client.py')],
  'aiokafka': [python, join(here, 'python', 'aiokafka_client.py')],
  'kafkajs': [process.execPath, join(here, 'kafkajs', 'client.mjs')],
};

const words = process.argv.slice(2);
const records = words[0] === '--record';
if (records) words.shift();
const at = words[0] === '--at' ? words.splice(0, 2)[1] : undefined;
const seconds = Number(process.env.CLIENT_SECONDS ?? 400);

/** A cluster: its address, and a way to have something done to it. */
async function start() {
  if (at) return { bootstrap: at, tell: async () => 'error: not our cluster', end: async () => {} };
  const cargo = (args) => spawn('cargo', ['--quiet', ...args], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  let child;
  if (records) {
    child = cargo(['test', '--locked', '--test', 'conformance', '--', '--serve=3', ...settings]);
  } else {
    const binary = process.env.HIGHWATER_BIN ?? build();
    const sets = settings.flatMap((setting) => ['--set', setting]);
    child = spawn(binary, ['serve', '--brokers', '3', '--port', '0', ...sets], { stdio: ['pipe', 'pipe', 'inherit'] });
  }
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error('the cluster did not start');
    const found = /^listening on ((?:\S+:\d+ ?)+)/.exec(value);
    if (!found) continue;
    return {
      bootstrap: found[1].trim().split(' ').join(','),
      tell: async (command) => {
        child.stdin.write(`${command}\n`);
        return (await lines.next()).value;
      },
      end: () => new Promise((resolve) => {
        child.on('exit', resolve);
        if (records) child.stdin.end(); else child.kill('SIGTERM');
      }),
    };
  }
}

/** Builds the bridge in release and says where it is. */
function build() {
  const built = spawnSync('cargo', ['build', '--release', '--locked', '--quiet', '--bin', 'highwater', '--message-format=json'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 });
  if (built.status !== 0) throw new Error('highwater does not build');
  const made = built.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return made.findLast((one) => one.executable).executable;
}

/** Which broker coordinates a group: FindCoordinator, version 0. */
async function coordinator(group) {
  const name = Buffer.from(group);
  const frame = Buffer.alloc(4 + 2 + 2 + 4 + 2 + 2);
  frame.writeInt32BE(frame.length - 4 + name.length, 0);
  frame.writeInt16BE(10, 4);
  frame.writeInt16BE(-1, 12);
  frame.writeInt16BE(name.length, 14);
  for (const address of cluster.bootstrap.split(',')) {
    const [host, port] = address.split(':');
    const answer = await new Promise((resolve) => {
      const socket = connect(Number(port), host);
      const parts = [];
      socket.setTimeout(5000, () => socket.destroy());
      socket.on('connect', () => socket.write(Buffer.concat([frame, name])));
      socket.on('error', () => resolve());
      socket.on('close', () => resolve());
      socket.on('data', (part) => {
        parts.push(part);
        const all = Buffer.concat(parts);
        if (all.length >= 14) { resolve(all); socket.destroy(); }
      });
    });
    // Length, correlation, error, node.
    if (answer && answer.readInt16BE(8) === 0) return answer.readInt32BE(10);
  }
  return -1;
}

let fallen = -1;
/** What a line `@ …` of a program asks for, as a command about a broker. */
async function meant(told, prefix) {
  const [, verb, number, group] = told;
  if (group) fallen = await coordinator(`${prefix}${group}`);
  return `${verb} b${number ?? fallen}`;
}

/** Runs a program; resolves to what it printed, and how it ended. */
function run(name, cluster, prefix) {
  const [command, ...args] = programs[name];
  const scratch = mkdtempSync(join(tmpdir(), 'highwater-clients-'));
  const env = { ...process.env, BOOTSTRAP: cluster.bootstrap, PREFIX: prefix, KIT: kit, SCRATCH: scratch, KAFKA_LIB: join(cache, 'kafka-3.9.1') };
  const child = spawn(command, args, { env, cwd: scratch, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const printed = [];
  const errors = [];
  const limit = setTimeout(() => {
    printed.push(`stopped after ${seconds} s`);
    try { process.kill(-child.pid, 'SIGKILL'); } catch { /* it has just ended */ }
  }, seconds * 1000);
  child.stderr.on('data', (data) => errors.push(data));
  createInterface({ input: child.stdout }).on('line', async (line) => {
    const told = /^@ (\w+) (?:(\d+)|it|coordinator of (\S+))$/.exec(line);
    if (!told) return printed.push(line);
    const answer = await cluster.tell(await meant(told, prefix));
    child.stdin.write(`${answer}\n`);
  });
  return new Promise((resolve) => {
    child.on('error', (error) => { clearTimeout(limit); resolve({ printed: [`cannot run: ${error.message}`], status: 1, errors: '' }); });
    child.on('close', (status) => {
      clearTimeout(limit);
      rmSync(scratch, { recursive: true, force: true });
      resolve({ printed, status, errors: Buffer.concat(errors).toString() });
    });
  });
}

const stable = (lines, cluster, prefix) => lines.join('\n')
  .replaceAll(prefix, '')
  .replace(/(127\.0\.0\.1|localhost):\d+/g, 'HOST:PORT');

/** The lines that differ, as `diff` shows them. */
function difference(expected, found) {
  const folder = mkdtempSync(join(tmpdir(), 'highwater-diff-'));
  writeFileSync(join(folder, 'expected'), `${expected}\n`);
  writeFileSync(join(folder, 'found'), `${found}\n`);
  const diff = spawnSync('diff', ['-u', 'expected', 'found'], { cwd: folder, encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return diff.stdout.split('\n').slice(2).join('\n');
}

const last = (errors) => errors.split('\n').slice(-15).join('\n');

// What differs is looked at twice: what a busy machine did once is no verdict.
async function attempt(name) {
  const prefix = `x${Math.random().toString(36).slice(2, 8)}-`;
  const began = Date.now();
  const { printed, status, errors } = await run(name, cluster, prefix);
  const took = `${((Date.now() - began) / 1000).toFixed(1)} s`;
  return { text: stable(printed, cluster, prefix), status, errors, took };
}

const wanted = (name) => words.some((word) => (word in programs ? name === word : name.includes(word)));
const names = Object.keys(programs).filter((name) => words.length === 0 || wanted(name));
let passed = 0;
let failed = 0;
let cluster = await start();
/** What went wrong may have left the cluster without a broker: none of the others is to be judged by that. */
async function anew() {
  await cluster.end();
  cluster = await start();
}
for (const name of names) {
  const file = join(here, 'expected', `${name}.txt`);
  let { text, status, errors, took } = await attempt(name);
  if (records) {
    if (status === 0) writeFileSync(file, `${text}\n`);
    console.log(status === 0 ? `recorded ${name} (${took})` : `${name} failed: ${text}\n${errors}`);
    if (status !== 0) failed += 1;
    continue;
  }
  const expected = existsSync(file) ? readFileSync(file, 'utf8').trimEnd() : 'nothing is recorded';
  if (status !== 0 || text !== expected) {
    console.log(`again: ${name} (${took}), status ${status}\n${difference(expected, text)}\n${last(errors)}`);
    await anew();
    ({ text, status, errors, took } = await attempt(name));
  }
  if (status === 0 && text === expected) {
    passed += 1;
    console.log(`ok ${name} (${took})`);
  } else {
    failed += 1;
    console.log(`not ok ${name} (${took}), status ${status}\n${difference(expected, text)}\n${last(errors)}`);
    await anew();
  }
}
await cluster.end();
console.log(`# pass ${passed}\n# fail ${failed}`);
process.exit(failed === 0 && (records || passed > 0) ? 0 : 1);
