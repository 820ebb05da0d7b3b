// Requests as a receiver got them, one JSON object a line: {secret, headers, body}. Says of each whether the library of
// Standard Webhooks takes it: `true`, or why not. What docs/webhooks.md shows to those without a library must say the same.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Webhook } from 'standardwebhooks';

const page = readFileSync(new URL('../../docs/webhooks.md', import.meta.url), 'utf8');
const [, shown] = /```js\n(import \{ createHmac[\s\S]*?)```/.exec(page);
const { isSigned } = await import(`data:text/javascript,${encodeURIComponent(shown)}`);

for await (const line of createInterface({ input: process.stdin })) {
  const { secret, headers, body } = JSON.parse(line);
  let verdict = true;
  try {
    new Webhook(secret).verify(body, headers);
  } catch (error) {
    verdict = error.message;
  }
  if (isSigned(secret, headers, body) !== (verdict === true)) {
    throw new Error(`docs/webhooks.md says otherwise of ${line}: ${verdict}`);
  }
  console.log(verdict);
}
