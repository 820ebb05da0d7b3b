// Random requests of a carrier, whole ones and such as somebody tampered with, one JSON object a line, each with the verdict
// of Twilio's own library. The same number gives the same requests.

import { createRequire } from 'node:module';

const twilio = createRequire(import.meta.url)('twilio');
const { getExpectedTwilioSignature, getExpectedBodyHash, validateRequest, validateRequestWithBody } = twilio;

// mulberry32: a generator of 32 bits of state.
let state = 20261126;
const random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
const below = (number) => Math.floor(random() * number);
const pick = (list) => list[below(list.length)];
const times = (number, make) => Array.from({ length: number }, make);

const ALPHABET = [...'abcXYZ019 +&=%~-_.!*()<>"\'/?#\n\té漢字🐕', '\u{ff5e}', '\u{e000}', '\u{1f600}', '\r'];
const text = (most) => times(below(most + 1), () => pick(ALPHABET)).join('');
const NAMES = ['Body', 'From', 'To', 'MessageSid', 'AccountSid', 'NumMedia', 'body', 'Ärger', '😀', '～', 'a b', 'a+b', ''];
const token = () => times(32, () => pick([...'0123456789abcdef'])).join('');
const pair = () => `${encodeURIComponent(text(4))}=${pick([encodeURIComponent(text(5)), 'a+b', '%7e', ''])}`;

// The same address as Twilio may have it: with the default port, or without any.
const variant = (url) => {
  const [, scheme, authority, rest] = /^(https?):\/\/([^/]*)(.*)$/.exec(url);
  const [host, port] = authority.split(':');
  if (random() < 0.5) {
    return `${scheme}://${host}${rest}`;
  }
  return `${scheme}://${host}:${port ?? (scheme === 'https' ? 443 : 80)}${rest}`;
};

const request = () => {
  const scheme = pick(['https', 'http']);
  const port = pick(['', '', scheme === 'https' ? ':443' : ':80', ':8443']);
  const path = pick(['/functions/v1/receive-sms', '/api/messages/webhook/twilio', '/', '/a%20b/', '/status/0191']);
  const url = `${scheme}://${pick(['hooks.example', 'a.b.example', '127.0.0.1'])}${port}${path}`;
  const [primary, secondary] = [token(), random() < 0.5 ? token() : ''];
  let query = random() < 0.5 ? times(1 + below(3), pair).join('&') : null;
  const isForm = random() < 0.8;
  let form = isForm ? times(below(9), () => [pick(NAMES), text(8)]) : null;
  let body = isForm ? null : JSON.stringify({ Body: text(20), n: below(1000) });
  if (!isForm) {
    query = [query, `bodySHA256=${getExpectedBodyHash(body)}`].filter((part) => part !== null).join('&');
  }

  const parameters = () => {
    const grouped = Object.create(null);
    for (const [name, value] of form ?? []) {
      (grouped[name] ??= []).push(value);
    }
    return Object.fromEntries(
      Object.entries(grouped).map(([name, values]) => [name, values.length === 1 && random() < 0.5 ? values[0] : values]),
    );
  };
  const whole = () => (query === null ? url : `${url}?${query}`);
  let signature = getExpectedTwilioSignature(secondary !== '' && random() < 0.5 ? secondary : primary, variant(whole()), parameters());

  if (random() < 0.5) {
    const changes = [
      () => { signature = getExpectedTwilioSignature(token(), whole(), parameters()); },
      () => { signature = signature.slice(0, below(signature.length)); },
      () => { signature = signature.toLowerCase(); },
      () => { query = query === null ? 'x=1' : `${query}&x=1`; },
      () => { query = query === null ? 'bodySHA256=0' : null; },
    ];
    if (isForm) {
      changes.push(
        () => { form = [...form, [`X${text(3)}`, text(3)]]; },
        () => { form = form.length === 0 ? [['X', '']] : form.slice(1); },
        // Each value once: one that is there already changes nothing.
        () => { form = [...form, ...form]; },
        () => { form = form.map(([name, value], at) => (at === 0 ? [name, `${value}.`] : [name, value])); },
      );
    } else {
      changes.push(() => { body = `${body} `; });
    }
    pick(changes)();
  }
  form?.sort(() => random() - 0.5);
  const says = (key) =>
    isForm ? validateRequest(key, signature, whole(), parameters()) : validateRequestWithBody(key, signature, whole(), body);
  const valid = says(primary) || (secondary !== '' && says(secondary));
  return { url, query, primary, secondary, signature, form, body, valid };
};

const lines = times(Number(process.argv[2] ?? 10000), () => JSON.stringify(request()));
process.stdout.write(`${lines.join('\n')}\n`);
