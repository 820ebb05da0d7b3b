// Checks docs/openapi.yaml against the schema of OpenAPI 3.1 itself.

import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';

const path = fileURLToPath(new URL('../../docs/openapi.yaml', import.meta.url));
const { valid, errors } = await new Validator().validate(path);
if (!valid) {
  console.error(JSON.stringify(errors, undefined, 2));
  process.exit(1);
}
console.log('it is OpenAPI 3.1');
