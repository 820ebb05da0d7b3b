// send-dm for Node: Fastify, fast-jwt, postgres.js.

import { randomUUID } from 'node:crypto';
import { createVerifier } from 'fast-jwt';
import Fastify from 'fastify';
import postgres from 'postgres';
import { answer, bearer, caller, decode, envelope, problem } from './contract.mjs';

const { DATABASE_URL, JWT_SECRET, PORT, POSTGRES_CONNECTIONS } = process.env;
const sql = postgres(DATABASE_URL, { max: Number(POSTGRES_CONNECTIONS) });
const verify = createVerifier({
  key: JWT_SECRET,
  algorithms: ['HS256'],
  clockTolerance: 60_000,
  requiredClaims: ['exp', 'sub'],
  cache: 10_000,
});
const app = Fastify({ bodyLimit: 64 * 1024, requestIdHeader: 'x-request-id', genReqId: () => randomUUID() });

function send(reply, { status, headers, body }) {
  return reply.code(status).headers(headers).send(body);
}

function callerOf(request) {
  try {
    return caller(verify(bearer(request.headers.authorization)));
  } catch {
    // A token that is not valid speaks for nobody.
    return undefined;
  }
}

app.setErrorHandler((error, request, reply) => {
  if (error.statusCode < 500) return send(reply, problem(request.id, 'validation_error', 'The body is not JSON.'));
  console.error(error);
  return send(reply, problem(request.id, 'internal', 'Something broke.'));
});

app.post('/functions/v1/send-dm', async (request, reply) => {
  const requestId = request.id;
  const sub = callerOf(request);
  if (sub === undefined) {
    return send(reply, problem(requestId, 'unauthenticated', 'A valid bearer token is required.'));
  }
  const { input, fault } = decode(request.body);
  if (fault !== undefined) return send(reply, problem(requestId, 'validation_error', fault));
  const call = envelope(sub, requestId, request.headers['idempotency-key'], input);
  const [{ send_dm: result }] = await sql`select rolecall_edge.send_dm(${sql.json(call)})`;
  return send(reply, answer(requestId, result));
});

await app.listen({ host: '127.0.0.1', port: Number(PORT) });
console.log(`listening on ${app.server.address().port}`);
