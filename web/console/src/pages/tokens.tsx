// What a token says, and why it would be refused as far as that can be seen without the server's keys.
import { useState } from 'preact/hooks';
import { instant, relative } from '../format';
import { type Json, type JsonObject, parse } from '../json';
import { Card, Empty, Facts, JsonText, Name, Problem, Tag, Time } from '../ui';

interface Token {
  header: JsonObject;
  claims: JsonObject;
}

interface Finding {
  tone: 'bad' | 'warn' | 'good';
  text: string;
}

const bytesOf = (part: string) => Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

function part(text: string, what: string): JsonObject {
  let json: string;
  try {
    if (!/^[\w-]+$/.test(text)) throw new Error();
    json = new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(text));
  } catch {
    throw new Error(`its ${what} is not base64url`);
  }
  let value: Json;
  try {
    value = parse(json);
  } catch (error) {
    throw new Error(`its ${what} is ${(error as Error).message}`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error(`its ${what} is not a JSON object`);
  return value as JsonObject;
}

/** Throws an Error that says what is wrong with its form. */
export function decode(text: string): Token {
  const parts = text.trim().split('.');
  if (parts.length === 5) throw new Error('it is encrypted (JWE, five parts); the server takes signed ones (JWS, three parts)');
  if (parts.length !== 3) throw new Error(`it has ${parts.length} part${parts.length === 1 ? '' : 's'} between dots; a signed token has three`);
  return { header: part(parts[0] ?? '', 'header'), claims: part(parts[1] ?? '', 'payload') };
}

const ALGORITHMS = /^(HS|RS|PS|ES)(256|384|512)$|^EdDSA$/;

export function judge({ header, claims }: Token, signature: string, now: number): Finding[] {
  const found: Finding[] = [];
  const add = (tone: Finding['tone'], text: string) => found.push({ tone, text });
  const alg = header.alg;
  if (typeof alg !== 'string' || !ALGORITHMS.test(alg)) {
    add('bad', alg === 'none' ? 'Not signed (alg none): refused.' : 'No algorithm (alg) that the server takes: HS, RS, PS, ES with 256, 384 or 512, or EdDSA.');
  }
  if (signature === '') add('bad', 'The signature is empty: refused.');
  const time = (name: string): number | undefined => {
    const value = claims[name];
    if (value === undefined || value === null) return undefined;
    const s = Number(value);
    if (typeof value === 'string' || !Number.isFinite(s)) {
      add('bad', `${name} is not a number of seconds since 1970.`);
      return undefined;
    }
    if (s > 1e11) add('warn', `${name} looks like milliseconds; it is read as seconds.`);
    return s * 1000;
  };
  const exp = time('exp');
  const nbf = time('nbf');
  const iat = time('iat');
  if (exp !== undefined && exp <= now) add('bad', `Expired ${relative(exp, now)}: refused with error 109 (token expired); official clients then ask your backend for a new one.`);
  if (exp === undefined) add('warn', 'No exp: it never expires. Give it minutes; SDKs renew it.');
  if (nbf !== undefined && nbf > now) add('bad', `Not valid before ${relative(nbf, now)} (nbf).`);
  if (iat !== undefined && iat > now + 60_000) add('warn', 'iat lies ahead: the clock of whoever signed it, or of this machine, is wrong.');
  if (claims.channel === undefined && claims.sub === undefined) add('warn', 'No sub: the user is anonymous.');
  if (claims.sub !== undefined && typeof claims.sub !== 'string') add('bad', 'sub is not a string.');
  if (claims.channel !== undefined && typeof claims.channel !== 'string') add('bad', 'channel is not a string.');
  return found;
}

export function Tokens() {
  const [text, setText] = useState('');
  let token: Token | undefined;
  let error: Error | undefined;
  try {
    if (text.trim() !== '') token = decode(text);
  } catch (failed) {
    error = failed as Error;
  }
  return (
    <>
      <Card title="What does this token say?">
        <div class="pad">
          <label class="field wide">
            <span>Token (JWT)</span>
            <textarea rows={4} value={text} placeholder="eyJhbGciOi…" spellcheck={false} autocomplete="off" onInput={(event) => setText(event.currentTarget.value)} />
          </label>
          <p class="hint below">It is read in this page and goes nowhere.</p>
        </div>
        {error && <Problem error={new Error(`This is not a token: ${error.message}.`)} hint="A token is three parts of base64url with dots between them, as your backend signs it." />}
        {!text.trim() && (
          <Empty title="None yet. To make one:" line="tidemill token create --user 42 --config tidemill.toml">
            It signs with <code>client.token.hmac_secret_key</code>.
          </Empty>
        )}
      </Card>
      {token && <Decoded token={token} signature={text.trim().split('.')[2] ?? ''} />}
    </>
  );
}

function Decoded({ token, signature }: { token: Token; signature: string }) {
  const { header, claims } = token;
  const found = judge(token, signature, Date.now());
  const refused = found.some(({ tone }) => tone === 'bad');
  const at = (name: string) => (claims[name] === undefined ? undefined : <Time at={instant(Number(claims[name]) * 1000)} />);
  const text = (value: Json | undefined) => (value === undefined ? undefined : <Name text={typeof value === 'string' ? value : String(value)} />);
  return (
    <>
      <Card title={<>Verdict <Tag state={refused ? 'refused' : 'nothing against it'} tone={refused ? 'bad' : 'good'} /></>}>
        <ul class="findings">
          {found.map((each) => (
            <li key={each.text} class={each.tone}>
              {each.text}
            </li>
          ))}
          <li class="good">
            Whether the signature is right only the server can say: <code>tidemill token check TOKEN --config tidemill.toml</code>. A wrong key, a user that is
            blocked and a token that was revoked are not seen here.
          </li>
        </ul>
      </Card>
      <div class="columns">
        <Card title="Claims">
          <Facts
            rows={[
              ['For', claims.channel === undefined ? 'a connection' : 'a subscription'],
              ['User (sub)', text(claims.sub)],
              ['Channel', text(claims.channel)],
              ['Client', text(claims.client)],
              ['Expires (exp)', at('exp')],
              ['Not before (nbf)', at('nbf')],
              ['Issued (iat)', at('iat')],
              ['Id (jti)', text(claims.jti)],
              ['Issuer (iss)', text(claims.iss)],
              ['Algorithm', text(header.alg)],
              ['Key (kid)', text(header.kid)],
            ]}
          />
        </Card>
        <Card title="All of it">
          <JsonText value={claims} label="Claims" />
          <h3 class="pad">Header</h3>
          <JsonText value={header} label="Header" />
        </Card>
      </div>
    </>
  );
}
