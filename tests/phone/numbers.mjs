// Prints valid phone numbers of every region, each on a line as a JSON array: in E.164, national, international and
// RFC 3966 form. `node numbers.mjs COUNT SEED`: the same seed gives the same numbers.

import libphonenumber from 'google-libphonenumber';

const { PhoneNumberUtil, PhoneNumberFormat, PhoneNumberType } = libphonenumber;
const [count, seed] = process.argv.slice(2).map(Number);
const util = PhoneNumberUtil.getInstance();

// Mulberry32.
let state = seed;
function random(below) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}

const types = [PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE, PhoneNumberType.VOIP];
const examples = util
  .getSupportedRegions()
  .flatMap((region) => types.map((type) => util.getExampleNumberForType(region, type)))
  .filter((number) => number !== null);

const lines = [];
while (lines.length < count) {
  const number = examples[random(examples.length)].clone();
  // The last digits are anybody's.
  const digits = String(number.getNationalNumber());
  const kept = digits.length - 1 - random(Math.min(5, digits.length - 1));
  const rest = Array.from({ length: digits.length - kept }, () => random(10)).join('');
  number.setNationalNumber(Number(digits.slice(0, kept) + rest));
  if (!util.isValidNumber(number)) continue;
  const { E164, NATIONAL, INTERNATIONAL, RFC3966 } = PhoneNumberFormat;
  lines.push(JSON.stringify([E164, NATIONAL, INTERNATIONAL, RFC3966].map((form) => util.format(number, form))));
}
process.stdout.write(lines.join('\n') + '\n');
