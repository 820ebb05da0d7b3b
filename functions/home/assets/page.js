// Rolecall's page: health, a first message, and the explorer. It speaks to its own origin alone.

const HEALTH_EVERY = 10_000;
const $ = (id) => document.getElementById(id);

/** An element with these attributes and children; texts stay texts. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Calls the API; what it answered and how long that took, or `status` 0 where nothing did. */
async function call(method, path, { token, body, headers = {} } = {}) {
  const sent = { accept: 'application/json', ...headers };
  if (token) sent.authorization = `Bearer ${token}`;
  if (body) sent['content-type'] = 'application/json';
  const begun = performance.now();
  try {
    const response = await fetch(path, { method, headers: sent, body: body && JSON.stringify(body), cache: 'no-store' });
    const text = await response.text();
    const ms = Math.max(1, Math.round(performance.now() - begun));
    let json = null;
    try {
      json = JSON.parse(text);
    } catch {
      // Not ours; its status says enough.
    }
    return { status: response.status, phrase: response.statusText, json, ms };
  } catch {
    return { status: 0, phrase: '', json: null, ms: 0 };
  }
}

// ---- health ----

function show(state, text, detail) {
  if ($('pill').dataset.state !== state) {
    $('pill').dataset.state = state;
    $('pill-text').textContent = text;
  }
  $('health').textContent = detail;
}

async function checkHealth() {
  if (document.visibilityState === 'hidden') return;
  const { status, json, ms } = await call('GET', '/api/health');
  if (status === 200) show('ok', 'Healthy', `Answers in ${ms} ms`);
  else if (status === 0) show('bad', 'Not reachable', 'The server does not answer');
  else show('bad', 'Unavailable', json?.database === 'unreachable' ? 'The database does not answer' : `Status ${status}`);
}

checkHealth();
setInterval(checkHealth, HEALTH_EVERY);
document.addEventListener('visibilitychange', checkHealth);

// ---- the first message ----

/** Who is signed in; the token is kept here alone, and gone when the page is. */
let me = null;
let explorer = null;

const users = [...document.querySelectorAll('[data-user]')].map((button) => ({
  button,
  id: button.dataset.user,
  name: button.dataset.name,
  role: button.querySelector('.who span').textContent,
  kind: button.querySelector('.face').classList[1],
}));
const named = (id) => users.find((user) => user.id === id);
const ofRole = (kind) => users.find((user) => user.kind === kind && user.id !== me?.id);

async function signIn(user) {
  const { status, json } = await call('POST', '/home/sign-in', { body: { user_id: user.id } });
  if (status !== 200) {
    verdict({ status, phrase: '', json, sentence: json?.detail ?? 'The server does not answer.' });
    return false;
  }
  me = { ...user, token: json.token };
  for (const other of users) other.button.setAttribute('aria-pressed', String(other.id === me.id));
  const chosen = $('to').value;
  $('to').replaceChildren(
    ...users.filter(({ id }) => id !== me.id).map(({ id, name, role }) => element('option', { value: id }, `${name}, ${role}`)),
  );
  const first = ofRole('mvp_dealer') ?? ofRole('attendee');
  $('to').value = chosen && chosen !== me.id ? chosen : (first?.id ?? $('to').value);
  $('write').disabled = false;
  authorizeExplorer();
  readInbox();
  return true;
}

/** Sends what is written, unless that is on its way: a double click is one message. */
let isSending = false;
function sendOnce() {
  if (isSending) return;
  isSending = true;
  inTurn(send).finally(() => {
    isSending = false;
  });
}

async function send() {
  const recipient = named($('to').value);
  const body = { recipient_id: recipient.id, content: $('content').value };
  // One key for one message: a repetition after a lost answer would not send it twice.
  const key = crypto.randomUUID();
  const sender = me;
  const answer = await call('POST', '/functions/v1/send-dm', {
    token: sender.token,
    body,
    headers: { 'idempotency-key': key },
  });
  const request = [
    'POST /functions/v1/send-dm',
    `authorization: Bearer ${sender.name}'s token`,
    'content-type: application/json',
    `idempotency-key: ${key}`,
    '',
    JSON.stringify(body, null, 2),
  ];
  verdict({ ...answer, ...told(answer, sender, recipient), request: request.join('\n') });
  suggest(answer, recipient);
  readInbox();
}

/** What an answer says, for people. */
function told({ status, json }, sender, recipient) {
  if (status === 201) {
    const count = json.seq === 1 ? 'the first message' : `message ${json.seq}`;
    return { sentence: `Sent: ${count} between ${sender.name} and ${recipient.name}.` };
  }
  if (status === 0) return { sentence: 'The server does not answer.' };
  if (status === 401) return { sentence: `${sender.name}'s demo token has run out. Start “make run” again for new ones, and reload.` };
  const [reason] = json?.reasons ?? [];
  return {
    sentence: reason?.message ?? json?.detail ?? 'Refused.',
    allowedIf: reason?.allowed_if,
    rule: reason?.code,
  };
}

function verdict({ status, phrase, json, ms, sentence, allowedIf, rule, request }) {
  const isGood = status >= 200 && status < 300;
  const badge = element('span', { class: isGood ? 'badge' : 'badge no' }, status ? `${status} ${phrase}`.trim() : 'No answer');
  const line = element('p', { class: 'verdict' }, badge);
  if (ms) line.append(element('span', { class: 'quiet' }, `in ${ms} ms`));
  const parts = [line, element('p', {}, sentence)];
  if (allowedIf) parts.push(element('p', {}, element('b', {}, 'Allowed if: '), allowedIf));
  if (rule) parts.push(element('p', { class: 'quiet' }, 'Rule ', element('code', {}, rule)));
  $('outcome').replaceChildren(...parts);
  $('next').replaceChildren();
  $('wire').hidden = !request;
  $('request').textContent = request ?? '';
  $('answer').textContent = json ? JSON.stringify(json, null, 2) : '(none)';
  $('request').scrollTop = 0;
  $('answer').scrollTop = 0;
  // On a narrow screen the answer is below what was just pressed.
  if (matchMedia('(max-width: 56rem)').matches) $('outcome').closest('.outcome').scrollIntoView({ block: 'start' });
}

/** What to try next, as buttons. */
function suggest({ status }, recipient) {
  const offers = [];
  if (status === 201) {
    offers.push([`See it arrive: become ${recipient.name}`, () => arriveAt(recipient, me)]);
    const dealer = ofRole('dealer');
    if (me.kind === 'attendee' && dealer) offers.push([`See a refusal: write to ${dealer.name}, a dealer`, () => writeTo(dealer)]);
  } else if (status === 403) {
    const open = ofRole('mvp_dealer');
    if (me.kind === 'attendee' && open) offers.push([`Write to ${open.name}, an MVP dealer`, () => writeTo(open)]);
    const admin = ofRole('admin');
    if (admin) offers.push([`Become ${admin.name}, who may write to everyone`, () => signIn(admin)]);
  }
  offer(offers);
}

/** Buttons for what can be done next. */
function offer(offers) {
  $('next').replaceChildren(
    ...offers.map(([label, act]) => {
      const button = element('button', { type: 'button' }, label);
      button.addEventListener('click', () =>
        inTurn(async () => {
          await act();
          // The button is gone; whoever came by keyboard goes on where the answer is.
          $('outcome-title').focus({ preventScroll: true });
        }),
      );
      return button;
    }),
  );
}

/** Turns into the recipient of a message, who can answer it. */
async function arriveAt(recipient, sender) {
  if (!(await signIn(recipient))) return;
  $('to').value = sender.id;
  $('content').value = 'Yes. Come by, it is in the glass case.';
  $('wire').hidden = true;
  $('outcome').replaceChildren(
    element('p', {}, `You are ${recipient.name} now, and the message is in the inbox below. ${recipient.name} may answer.`),
  );
  offer([[`Answer ${sender.name}`, send]]);
}

async function writeTo(user) {
  $('to').value = user.id;
  await send();
}

/** The conversations of whoever is signed in, newest first. */
let readings = 0;
async function readInbox() {
  const reader = me;
  const reading = ++readings;
  const { status, json } = await call('GET', '/functions/v1/conversations?limit=5', { token: reader.token });
  // A later reading knows more.
  if (reading !== readings) return;
  $('inbox-title').textContent = `${reader.name}'s inbox`;
  const cards = status === 200 ? json.conversations : [];
  const empty = status === 200 ? 'No conversations yet.' : 'The inbox cannot be read right now.';
  $('inbox').replaceChildren(...(cards.length ? cards.map(talk) : [element('li', { class: 'quiet' }, empty)]));
}

/** One line of the inbox. */
function talk(card) {
  const other = named(card.with?.id);
  const name = other?.name ?? card.with?.display_name ?? card.show?.title ?? 'Conversation';
  const face = element('span', { class: `face ${other?.kind ?? ''}`, 'aria-hidden': 'true' }, name.slice(0, 1));
  const last = card.last_message?.content ?? '';
  const mine = card.last_message?.sender_id === me.id ? 'You: ' : '';
  const line = element('div', { class: 'line' }, element('b', {}, name), ` ${mine}${last}`);
  const item = element('li', { class: 'talk' }, face, line);
  if (card.unread_count) item.append(element('span', { class: 'count' }, `${card.unread_count} new`));
  return item;
}

/** One thing after the other: whoever clicks faster than the server answers loses no click. */
let last = Promise.resolve();
const inTurn = (act) => (last = last.then(act, act));

for (const user of users) user.button.addEventListener('click', () => inTurn(() => signIn(user)));
$('compose')?.addEventListener('submit', (event) => {
  event.preventDefault();
  sendOnce();
});

// ---- the explorer ----

const dark = matchMedia('(prefers-color-scheme: dark)');
const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
paint();
dark.addEventListener('change', paint);

function authorizeExplorer() {
  if (!explorer || !me) return;
  explorer.preauthorizeApiKey('user', me.token);
  $('authorized').textContent = `You are ${me.name} here, too: what you call carries the demo token.`;
}

/** Loads Swagger UI and the document, once. */
async function loadExplorer() {
  const place = $('explorer');
  try {
    const [document_] = await Promise.all([
      fetch('/openapi.json').then((response) => response.json()),
      new Promise((loaded, failed) => {
        document.head.append(element('link', { rel: 'stylesheet', href: place.dataset.style }));
        const script = element('script', { src: place.dataset.script });
        script.addEventListener('load', loaded);
        script.addEventListener('error', failed);
        document.head.append(script);
      }),
    ]);
    // Whatever the document names as an example, here it is this server.
    document_.servers = [{ url: location.origin }];
    const root = element('div');
    const ui = window.SwaggerUIBundle({
      spec: document_,
      domNode: root,
      presets: [window.SwaggerUIBundle.presets.apis],
      docExpansion: 'list',
      defaultModelsExpandDepth: -1,
      tryItOutEnabled: true,
      validatorUrl: null,
      onComplete: () => {
        place.replaceChildren(root);
        explorer = ui;
        authorizeExplorer();
      },
    });
  } catch {
    place.replaceChildren(element('p', { class: 'quiet' }, 'The explorer could not be loaded. The document stands above.'));
  }
}

const near = new IntersectionObserver(
  (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    near.disconnect();
    loadExplorer();
  },
  { rootMargin: '800px' },
);
near.observe($('explorer'));
