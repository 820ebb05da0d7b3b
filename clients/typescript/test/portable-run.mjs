// Runs portable.mjs on Node, Bun and Deno.

import { portable } from './portable.mjs';

const environment = globalThis.Deno ? globalThis.Deno.env.get('ROLECALL_TEST_SETUP') : process.env.ROLECALL_TEST_SETUP;
console.log(`${await portable(JSON.parse(environment))} promises kept`);
