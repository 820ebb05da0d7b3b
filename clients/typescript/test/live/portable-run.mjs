// Runs portable.mjs on Node, Bun or Deno.
import { portable } from './portable.mjs';

console.log(`${await portable(JSON.parse(process.env.ROLECALL_TEST_SETUP))} messages written here and told there`);
process.exit(0);
