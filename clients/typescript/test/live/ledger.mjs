// The ledger against a conversation that lives: messages, changes, events that are late, doubled, lost and out of order,
// answers that are a page long. Whatever happens, in the end it has told exactly what the server shows, each message once
// and in order, and it has asked a bounded number of questions. Seeded: a failure says its seed.

import assert from 'node:assert/strict';
import { Ledger, MAX_HELD } from '../../dist/live/ledger.js';

/** Numbers that look random and are the same for the same seed (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A conversation as the server has it; what it shows is as of the moment it is asked. */
class Conversation {
  constructor(random, hides) {
    this.random = random;
    this.hides = hides;
    this.messages = [];
    this.revision = 0;
    this.sent = 0;
    this.references = [];
  }

  /** Somebody writes, or a message changes. An event is only a reference until it is taken. */
  live() {
    if (this.sent === 0 || this.random() < 0.6) {
      this.sent += 1;
      const isHidden = this.hides && this.random() < 0.3;
      if (!isHidden) {
        this.messages.push({ seq: this.sent, id: `m${this.sent}`, text: 0, changed: 0 });
        this.references.push({ type: 'message.created', seq: this.sent });
      }
    } else if (this.messages.length > 0) {
      const message = this.messages[Math.floor(this.random() * this.messages.length)];
      this.revision += 1;
      message.text += 1;
      message.changed = this.revision;
      this.references.push({ type: 'message.changed', seq: message.seq });
    }
  }

  shown(message) {
    return { seq: message.seq, id: message.id, text: message.text };
  }

  /** The event as it is published: what it says is as of now. */
  published({ type, seq }) {
    const found = this.messages.find((one) => one.seq === seq);
    const message = this.shown(found);
    const truncated = this.random() < 0.05;
    return { type, seq, revision: found.changed || null, message: truncated ? { ...message, text: undefined, truncated: true } : message };
  }

  answer(question, limit) {
    if (question.ask === 'messages') {
      const all = this.messages.filter(({ seq }) => seq > question.since_seq);
      const messages = all.slice(0, limit).map((message) => this.shown(message));
      return { messages, complete: messages.length === all.length, last_seq: this.sent, revision: this.revision };
    }
    const all = this.messages.filter(({ changed }) => changed > question.since_revision).sort((a, b) => a.changed - b.changed);
    const page = all.slice(0, limit);
    const complete = page.length === all.length;
    return { messages: page.map((message) => this.shown(message)), revision: complete ? this.revision : page.at(-1).changed, complete };
  }
}

/** What an app has that was told everything. */
class App {
  constructor() {
    this.messages = new Map();
    this.last = 0;
  }

  hear(told) {
    for (const { type, seq, message } of told) {
      assert.equal(message.truncated, undefined, 'half of a message is told');
      assert.equal(seq, message.seq);
      if (type === 'message') {
        assert.ok(seq > this.last, `message ${seq} is told after ${this.last}`);
        this.last = seq;
      } else {
        assert.ok(this.messages.has(seq), `a change of ${seq}, which nobody was told of`);
      }
      this.messages.set(seq, message);
    }
  }
}

function run(seed) {
  const random = generator(seed);
  const [loss, doubling, disorder, hides, pageSize, speed] = [
    random() < 0.5 ? 0 : random() * 0.6,
    random() < 0.5 ? 0 : random() * 0.5,
    random() < 0.5 ? 0 : random(),
    random() < 0.3,
    1 + Math.floor(random() * 6),
    random(),
  ];
  const conversation = new Conversation(random, hides);
  const app = new App();
  let ledger = new Ledger({ seq: 0, revision: 0 });
  let open;
  let questions = 0;
  const underway = [];
  const take = ({ told, question }) => {
    app.hear(told);
    if (question !== undefined && open === undefined) {
      open = { question };
      questions += 1;
    }
    assert.equal(question === undefined, open === undefined, 'a question that is open is said');
  };
  const act = () => {
    const choice = random();
    if (choice < 0.35) {
      conversation.live();
    } else if (choice < 0.6 && conversation.references.length > 0) {
      // The relay takes the oldest; it may be lost on the way, or come twice.
      const event = conversation.published(conversation.references.shift());
      if (random() >= loss) {
        underway.push(event);
        if (random() < doubling) {
          underway.push(event);
        }
      }
    } else if (choice < 0.8 && underway.length > 0) {
      const place = random() < disorder ? Math.floor(random() * underway.length) : 0;
      take(ledger.event(underway.splice(place, 1)[0]));
    } else if (choice < 0.8 + 0.2 * speed && open !== undefined) {
      // The server reads at one moment, and the answer arrives at another.
      if (open.answer === undefined) {
        open.answer = conversation.answer(open.question, pageSize);
      } else {
        const { question, answer } = open;
        open = undefined;
        take(question.ask === 'messages' ? ledger.messages(answer) : ledger.changes(answer));
      }
    } else if (choice > 0.99) {
      // A sync: how far it goes, or with it what is missing.
      const known = ledger.position;
      const card = { seq: conversation.sent, revision: conversation.revision };
      if (random() < 0.5) {
        const messages = conversation.answer({ ask: 'messages', since_seq: known.seq }, pageSize);
        const changes = conversation.answer({ ask: 'changes', since_revision: known.revision }, pageSize);
        const limited = !messages.complete || !changes.complete;
        take(ledger.caughtUp(known, { ...messages, complete: !limited }, limited ? undefined : changes));
      }
      take(ledger.goesTo(card));
    } else if (choice > 0.985 && open === undefined) {
      // The app starts again with what was kept, and with a sync.
      ledger = new Ledger(ledger.position);
      take(ledger.goesTo({ seq: conversation.sent, revision: conversation.revision }));
    }
  };
  const steps = 50 + Math.floor(random() * 400);
  for (let step = 0; step < steps; step++) {
    act();
  }
  // Everything on its way arrives; then a sync.
  while (conversation.references.length > 0) {
    const event = conversation.published(conversation.references.shift());
    random() >= loss && underway.push(event);
  }
  underway.forEach((event) => take(ledger.event(event)));
  take(ledger.goesTo({ seq: conversation.sent, revision: conversation.revision }));
  for (let round = 0; open !== undefined; round++) {
    assert.ok(round < 3_000, 'it asks without an end');
    const { question } = open;
    open = undefined;
    const answer = conversation.answer(question, pageSize);
    take(question.ask === 'messages' ? ledger.messages(answer) : ledger.changes(answer));
  }
  assert.ok(ledger.isWhole);
  assert.deepEqual(ledger.position, { seq: conversation.sent, revision: conversation.revision });
  const wanted = conversation.messages.map((message) => [message.seq, conversation.shown(message)]);
  assert.deepEqual([...app.messages].sort(([a], [b]) => a - b), wanted);
  return { questions, messages: wanted.length, changes: conversation.revision, quiet: loss === 0 && doubling === 0 && disorder === 0 && !hides };
}

const SEED = Number(process.env.LEDGER_SEED ?? 1);
const RUNS = Number(process.env.LEDGER_RUNS ?? 20_000);
let [questions, messages, changes] = [0, 0, 0];
for (let seed = SEED; seed < SEED + RUNS; seed++) {
  try {
    const ran = run(seed);
    questions += ran.questions;
    messages += ran.messages;
    changes += ran.changes;
  } catch (error) {
    error.message = `seed ${seed}: ${error.message}`;
    throw error;
  }
}

// What is in order needs no question, and what is held is bounded.
const created = (seq, revision = null) => ({ type: 'message.created', seq, revision, message: { seq } });
{
  const ledger = new Ledger({ seq: 0, revision: 0 });
  for (let seq = 1; seq <= 1000; seq++) {
    const { told, question } = ledger.event(created(seq));
    assert.deepEqual([told.length, question], [1, undefined]);
  }
  assert.deepEqual(ledger.event(created(7)), { told: [], question: undefined }, 'what is known is dropped');
  const behind = ledger.event(created(1002));
  assert.deepEqual(behind.question, { ask: 'messages', since_seq: 1000 });
  for (let seq = 1003; seq <= 1002 + MAX_HELD + 50; seq++) {
    assert.deepEqual(ledger.event(created(seq)).told, []);
  }
  const page = [1001, 1002].map((seq) => ({ seq }));
  const after = ledger.messages({ messages: page, complete: true, last_seq: 1002, revision: 0 });
  assert.equal(after.told.length, 2 + MAX_HELD, 'what was held follows without a question');
  assert.deepEqual(after.question, { ask: 'messages', since_seq: 1002 + MAX_HELD }, 'what was not held is asked for');
}

// A server that has less than an event said is not asked for ever.
{
  const ledger = new Ledger({ seq: 3, revision: 0 });
  assert.deepEqual(ledger.event(created(9)).question, { ask: 'messages', since_seq: 3 });
  assert.equal(ledger.messages({ messages: [], complete: true, last_seq: 3, revision: 0 }).question, undefined);
  assert.deepEqual(ledger.goesTo({ seq: 3, revision: 5 }).question, { ask: 'changes', since_revision: 0 });
  assert.equal(ledger.changes({ messages: [], revision: 0, complete: false }).question, undefined);
}

// Messages that are shown as of a later revision: the changes up to there are asked for, so that none sets them back for long.
{
  const ledger = new Ledger({ seq: 0, revision: 0 });
  ledger.goesTo({ seq: 1, revision: 0 });
  const { question } = ledger.messages({ messages: [{ seq: 1 }], complete: true, last_seq: 1, revision: 2 });
  assert.deepEqual(question, { ask: 'changes', since_revision: 0 });
}

// What follows on a position that was never reached here leaves a gap, and is not taken.
{
  const ledger = new Ledger({ seq: 2, revision: 0 });
  const messages = { messages: [{ seq: 6 }], complete: true, last_seq: 6, revision: 0 };
  assert.deepEqual(ledger.caughtUp({ seq: 5, revision: 0 }, messages, undefined).told, []);
  assert.deepEqual(ledger.position, { seq: 2, revision: 0 });
}
console.log(`${RUNS} lives of a conversation: ${messages} messages and ${changes} changes, ${questions} questions`);
