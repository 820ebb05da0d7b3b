// Prints every decision there is, one a line, for a test that compares them with the server's: actions, actors, targets
// and sets of facts in the order of the generated lists.

import { ACTIONS, FACTS, ROLES, explain } from '../dist/index.js';

const lines = [];
for (const action of ACTIONS) {
  for (const actor of ROLES) {
    for (const target of ROLES) {
      for (let mask = 0; mask < 1 << FACTS.length; mask++) {
        const facts = Object.fromEntries(FACTS.map((fact, place) => [fact, (mask & (1 << place)) !== 0]));
        const { allowed, code = '', rule, message = '', allowedIf = '' } = explain(action, actor, target, facts);
        lines.push([allowed, code, rule, message, allowedIf].join('\t'));
      }
    }
  }
}
process.stdout.write(lines.join('\n'));
