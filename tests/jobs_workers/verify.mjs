// Verifies a request's signature with npm standardwebhooks: node verify.mjs SECRET < [headers, body]
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';

const [headers, body] = JSON.parse(readFileSync(0, 'utf8'));
console.log(`${new Webhook(process.argv[2]).verify(body, headers).jid} verified`);
