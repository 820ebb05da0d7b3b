// A real nats-server in operator mode with a WebSocket listener, for the client's own tests: an account whose signing key makes
// users who may hear `user.<name>.>` and publish nothing, as `realtime/token` makes them.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jwtAuthenticator, wsconnect } from '@nats-io/nats-core';

// A package of nats-core's own.
const { createAccount, createOperator, createUser } = createRequire(createRequire(import.meta.url).resolve('@nats-io/nats-core'))('@nats-io/nkeys');

const base64 = (value) => Buffer.from(value).toString('base64url');

/** A JWT of NATS. */
function jwt(by, claims) {
  const body = `${base64(JSON.stringify({ typ: 'JWT', alg: 'ed25519-nkey' }))}.${base64(JSON.stringify({ jti: randomUUID(), iat: Math.floor(Date.now() / 1000), iss: by.getPublicKey(), ...claims }))}`;
  return `${body}.${base64(by.sign(new TextEncoder().encode(body)))}`;
}

const UNLIMITED = { subs: -1, conn: -1, leaf: -1, imports: -1, exports: -1, data: -1, payload: -1, wildcards: true };

/** Starts it; gives its address, its tokens, and what publishes as the relay does. */
export async function start() {
  const [operator, account, signing] = [createOperator(), createAccount(), createAccount()];
  const template = { pub: { deny: ['>'] }, sub: { allow: ['user.{{name()}}.>'] }, subs: 4, data: -1, payload: 1024, bearer_token: true };
  const accountToken = jwt(operator, {
    sub: account.getPublicKey(),
    name: 'APP',
    nats: {
      type: 'account',
      version: 2,
      limits: UNLIMITED,
      signing_keys: [{ kind: 'user_scope', key: signing.getPublicKey(), role: 'member', template }],
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'rolecall-nats-'));
  const operatorToken = jwt(operator, { sub: operator.getPublicKey(), name: 'test', nats: { type: 'operator', version: 2 } });
  await writeFile(
    join(folder, 'nats.conf'),
    `listen: 127.0.0.1:-1
operator: ${operatorToken}
resolver: MEMORY
resolver_preload: { ${account.getPublicKey()}: ${accountToken} }
websocket { listen: "127.0.0.1:-1", no_tls: true }
`,
  );
  // Debian has it where only root looks.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const child = spawn('nats-server', ['-c', join(folder, 'nats.conf')], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  const url = await new Promise((resolve, reject) => {
    child.stderr.on('data', (piece) => {
      printed += piece;
      const found = /Listening for websocket clients on (ws:\/\/127\.0\.0\.1:\d+)/.exec(printed);
      if (found && printed.includes('Server is ready')) {
        resolve(found[1]);
      }
    });
    child.on('error', reject);
    child.on('close', (status) => reject(new Error(`nats-server ended (${status}): ${printed}`)));
  });
  /** A token for a user, and when it ends, in seconds. */
  const tokenOf = (user, ends) =>
    jwt(signing, {
      sub: createUser().getPublicKey(),
      name: user,
      exp: ends,
      nats: { issuer_account: account.getPublicKey(), type: 'user', version: 2 },
    });
  const relayToken = jwt(account, {
    sub: createUser().getPublicKey(),
    name: 'relay',
    nats: { type: 'user', version: 2, bearer_token: true, subs: -1, data: -1, payload: -1, pub: { allow: ['user.*.events'] }, sub: { deny: ['>'] } },
  });
  const relay = await wsconnect({ servers: url, authenticator: jwtAuthenticator(relayToken) });
  return {
    url,
    tokenOf,
    publish: async (user, event) => {
      relay.publish(`user.${user}.events`, JSON.stringify(event));
      await relay.flush();
    },
    close: async () => {
      await relay.close();
      const ended = new Promise((resolve) => child.on('close', resolve));
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
