// send-dm for a server that speaks the Fetch API: jose checks the token, postgres.js calls the database.

import { jwtVerify } from 'jose';
import postgres from 'postgres';
import { answer, bearer, caller, decode, envelope, problem } from './contract.mjs';

const LEEWAY_SECONDS = 60;
const MOST_TOKENS = 10_000;

/** The check of tokens. Good ones are kept until they expire: jose has no cache of its own, as fast-jwt does. */
async function verifier(secret) {
  // Imported once: from bytes, jose would import it for every token.
  const bytes = new TextEncoder().encode(secret);
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  const checks = { algorithms: ['HS256'], clockTolerance: LEEWAY_SECONDS, requiredClaims: ['exp', 'sub'] };
  const known = new Map();

  return async (token) => {
    const kept = known.get(token);
    if (kept !== undefined && Date.now() < kept.until) return kept.sub;
    known.delete(token);
    const verified = await jwtVerify(token, key, checks).catch(() => undefined);
    const sub = verified && caller(verified.payload);
    if (sub === undefined) return undefined;
    // A map is in the order of insertion: the first is the oldest.
    if (known.size >= MOST_TOKENS) known.delete(known.keys().next().value);
    known.set(token, { sub, until: (verified.payload.exp + LEEWAY_SECONDS) * 1000 });
    return sub;
  };
}

/** The handler, set up by these environment variables. */
export async function handler({ DATABASE_URL, JWT_SECRET, POSTGRES_CONNECTIONS }) {
  const sql = postgres(DATABASE_URL, { max: Number(POSTGRES_CONNECTIONS) });
  const callerOf = await verifier(JWT_SECRET);

  async function send(request, requestId) {
    if (request.method !== 'POST') return problem(requestId, 'method_not_allowed', 'This path takes POST.');
    const sub = await callerOf(bearer(request.headers.get('authorization')));
    if (sub === undefined) return problem(requestId, 'unauthenticated', 'A valid bearer token is required.');
    const { input, fault } = decode(await request.json().catch(() => undefined));
    if (fault !== undefined) return problem(requestId, 'validation_error', fault);
    const call = envelope(sub, requestId, request.headers.get('idempotency-key'), input);
    const [{ send_dm: result }] = await sql`select rolecall_edge.send_dm(${sql.json(call)})`;
    return answer(requestId, result);
  }

  return async (request) => {
    const requestId = request.headers.get('x-request-id') ?? crypto.randomUUID();
    const { body, ...head } = await send(request, requestId).catch((error) => {
      console.error(error);
      return problem(requestId, 'internal', 'Something broke.');
    });
    return new Response(body, head);
  };
}
