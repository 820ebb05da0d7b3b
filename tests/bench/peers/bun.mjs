// send-dm for Bun.

import { handler } from './web.mjs';

const routes = { '/functions/v1/send-dm': await handler(process.env) };
const server = Bun.serve({ hostname: '127.0.0.1', port: Number(process.env.PORT), routes });
console.log(`listening on ${server.port}`);
