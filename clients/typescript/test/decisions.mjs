// Prints every decision there is, one a line, for a test that compares them with the server's: actions, actors, targets
// and sets of facts in the order of the generated lists. Those of organisations follow, nobody's role first.

import {
  ACTIONS,
  FACTS,
  ORGANIZATION_ACTIONS,
  ORGANIZATION_FACTS,
  ORGANIZATION_ROLES,
  ROLES,
  explain,
  explainInOrganization,
} from '../dist/index.js';

const lines = [];
const print = ({ allowed, code = '', rule, message = '', allowedIf = '' }) =>
  lines.push([allowed, code, rule, message, allowedIf].join('\t'));
const setsOf = function* (names) {
  for (let mask = 0; mask < 1 << names.length; mask++) {
    yield Object.fromEntries(names.map((fact, place) => [fact, (mask & (1 << place)) !== 0]));
  }
};
for (const action of ACTIONS) {
  for (const actor of ROLES) {
    for (const target of ROLES) {
      for (const facts of setsOf(FACTS)) {
        print(explain(action, actor, target, facts));
      }
    }
  }
}
for (const action of ORGANIZATION_ACTIONS) {
  for (const actor of [null, ...ORGANIZATION_ROLES]) {
    for (const facts of setsOf(ORGANIZATION_FACTS)) {
      print(explainInOrganization(action, actor, facts));
    }
  }
}
process.stdout.write(lines.join('\n'));
