// Runs the Postman collection with an environment file, as `newman run COLLECTION -e FILE` does. The end-to-end test
// `runner::postman` gives it ROLECALL_POSTMAN_ENVIRONMENT, the file that the runner writes, and ROLECALL_BASE_URL, an address in front
// of that runner.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import newman from 'newman';

const collection = fileURLToPath(new URL('rolecall.postman_collection.json', import.meta.url));
const environment = JSON.parse(readFileSync(process.env.ROLECALL_POSTMAN_ENVIRONMENT, 'utf8'));
const baseUrl = process.env.ROLECALL_BASE_URL;
const envVar = baseUrl ? [{ key: 'baseUrl', value: baseUrl }] : [];

newman.run({ collection, environment, envVar, reporters: ['cli'], reporter: { cli: { noBanner: true } } }, (error, summary) => {
  if (error) {
    throw error;
  }
  const { requests, assertions } = summary.run.stats;
  const failed = summary.run.failures.length;
  console.log(JSON.stringify({ requests: requests.total, assertions: assertions.total, failed }));
  process.exitCode = failed === 0 && assertions.total > 0 ? 0 : 1;
});
