// Runs the Postman collection. Its variables (server, tokens, ids; the collection lists them) come as JSON in
// ROLECALL_API_ENVIRONMENT; the end-to-end test `newman` makes them.

import { fileURLToPath } from 'node:url';
import newman from 'newman';

const variables = JSON.parse(process.env.ROLECALL_API_ENVIRONMENT ?? '{}');
const collection = fileURLToPath(new URL('rolecall.postman_collection.json', import.meta.url));
const envVar = Object.entries(variables).map(([key, value]) => ({ key, value }));

newman.run({ collection, envVar, reporters: ['cli'], reporter: { cli: { noBanner: true } } }, (error, summary) => {
  if (error) {
    throw error;
  }
  const { requests, assertions } = summary.run.stats;
  const failed = summary.run.failures.length;
  console.log(JSON.stringify({ requests: requests.total, assertions: assertions.total, failed }));
  process.exitCode = failed === 0 && assertions.total > 0 ? 0 : 1;
});
