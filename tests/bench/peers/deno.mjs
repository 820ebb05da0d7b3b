// send-dm for Deno, which stands for Supabase Edge Functions: there, too, a function has its path to itself.

import { handler } from './web.mjs';

const env = Deno.env.toObject();
const onListen = ({ port }) => console.log(`listening on ${port}`);
Deno.serve({ hostname: '127.0.0.1', port: Number(env.PORT), onListen }, await handler(env));
