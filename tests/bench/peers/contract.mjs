// What the three JavaScript peers have in common: the form of a request and of an answer. Each brings its own server
// and its own check of the token.

/** The codes that this endpoint answers: status and title (docs/errors.md). */
const CODES = {
  unauthenticated: [401, 'Authentication required'],
  permission_denied: [403, 'Permission denied'],
  validation_error: [400, 'The request is not valid'],
  invalid_input: [400, 'Invalid input'],
  not_found: [404, 'Not found'],
  feature_disabled: [404, 'Feature disabled'],
  method_not_allowed: [405, 'Method not allowed'],
  conversation_read_only: [409, 'Conversation is read-only'],
  idempotency_conflict: [422, 'Idempotency key reused'],
  rate_limited: [429, 'Rate limited'],
  internal: [500, 'Internal error'],
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
// Everything but line breaks and tabs.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
const IDS = ['recipient_id', 'conversation_id', 'show_id'];
const FIELDS = new Set([...IDS, 'content']);

/** The body of a request as the database takes it: `{input}`, or `{fault}` where it is refused. */
export function decode(body) {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { fault: 'The body is not a JSON object.' };
  }
  for (const field in body) {
    if (!FIELDS.has(field)) return { fault: `${field}: This field is not known here.` };
  }
  const input = {};
  for (const field of IDS) {
    const value = body[field];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string' || !UUID.test(value)) return { fault: `${field}: Expected a uuid.` };
    input[field] = value;
  }
  if ((input.recipient_id === undefined) === (input.conversation_id === undefined)) {
    return { fault: 'Give either recipient_id or conversation_id.' };
  }
  if (typeof body.content !== 'string' || CONTROL.test(body.content)) {
    return { fault: 'content: Expected text without control characters.' };
  }
  input.content = body.content.trim();
  // Characters, of which there are at most as many as units of UTF-16.
  const length = input.content.length > 2000 ? [...input.content].length : input.content.length;
  if (length < 1 || length > 2000) return { fault: 'content: Expected 1 to 2000 characters.' };
  return { input };
}

/** The token of an `Authorization` header. */
export function bearer(header) {
  return header?.replace(/^Bearer +/i, '') ?? '';
}

/** The user of a verified token, or nobody. */
export function caller({ sub, role }) {
  return role === 'authenticated' && typeof sub === 'string' && UUID.test(sub) ? sub : undefined;
}

/** What the database takes. */
export function envelope(sub, requestId, key, input) {
  const call = { claims: { sub, role: 'authenticated' }, request_id: requestId, rollouts: {}, input };
  if (key) call.idempotency_key = key;
  return call;
}

/** What the database answered, as `{status, headers, body}`. */
export function answer(requestId, { ok, data, code, detail, reasons }) {
  if (!ok) return problem(requestId, code, detail, reasons, data);
  return {
    status: 201,
    headers: { 'content-type': 'application/json', 'x-request-id': requestId },
    body: JSON.stringify({ success: true, ...data, request_id: requestId }),
  };
}

/** A refusal (RFC 9457) as `{status, headers, body}`. */
export function problem(requestId, code, detail, reasons, data) {
  const [status, title] = CODES[code] ?? CODES.internal;
  const type = `urn:rolecall:problem:${code}`;
  const error = { code, message: detail };
  const document = { type, title, status, detail, code, request_id: requestId, reasons, error };
  const headers = { 'content-type': 'application/problem+json', 'x-request-id': requestId };
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  if (data?.retry_after_seconds !== undefined) headers['retry-after'] = String(data.retry_after_seconds);
  return { status, headers, body: JSON.stringify({ ...document, ...data }) };
}
