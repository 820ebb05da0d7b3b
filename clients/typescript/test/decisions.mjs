// Prints every decision there is, one a line, for a test that compares them with the server's: domain by domain, actions,
// actors (nobody's role first), targets, and sets of the facts that the action looks at, in the order of the generated lists.
// A fact at which the action does not look changes none of them.

import assert from 'node:assert/strict';
import { DOMAINS, FACTS, ORGANIZATION_FACTS, decideIn, explain, explainInOrganization } from '../dist/index.js';

const lines = [];
const print = ({ allowed, code = '', rule, message = '', allowedIf = '' }) =>
  lines.push([allowed, code, rule, message, allowedIf].join('\t'));
const setsOf = function* (names) {
  for (let mask = 0; mask < 1 << names.length; mask++) {
    yield Object.fromEntries(names.map((fact, place) => [fact, (mask & (1 << place)) !== 0]));
  }
};
// What a domain's users call, and all that can hold in it.
const CALLS = {
  marketplace: [(action, actor, target, facts) => actor && explain(action, actor, target, facts), FACTS],
  organization: [(action, actor, _, facts) => explainInOrganization(action, actor, facts), ORGANIZATION_FACTS],
};
for (const [name, domain] of Object.entries(DOMAINS)) {
  const [call, everyFact] = CALLS[name] ?? [() => null, []];
  const unnamedOf = (action) => everyFact.filter((fact) => !domain.facts[action].includes(fact));
  for (const action of domain.actions) {
    for (const actor of [null, ...domain.actors]) {
      for (const target of domain.targets) {
        for (const facts of setsOf(domain.facts[action])) {
          const decision = decideIn(domain, action, actor, target, facts);
          print(decision);
          const called = call(action, actor, target, facts);
          if (called) assert.deepEqual(called, decision);
          for (const fact of unnamedOf(action)) {
            assert.deepEqual(decideIn(domain, action, actor, target, { ...facts, [fact]: true }), decision);
          }
        }
      }
    }
  }
}
process.stdout.write(lines.join('\n'));
