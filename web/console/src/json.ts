// JSON to the letter: numbers that a JavaScript number would change stay text, and every object and array knows
// the text that it was read from, so that what is shown and sent again is what the server said.

/** A number as it was written, where a JavaScript number would print it differently. */
export class Exact {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
  valueOf(): number {
    return Number(this.text);
  }
}

/** JSON that is sent as it stands. */
export class Raw {
  constructor(readonly text: string) {}
}

export type Json = null | boolean | number | string | Exact | Raw | Json[] | JsonObject;
/** Has no prototype: "__proto__" is a key like any other. */
export interface JsonObject {
  [key: string]: Json;
}

const sources = new WeakMap<object, { text: string; begin: number; end: number }>();

const BLANKS = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const DEPTH_MAX = 1000;

class Parser {
  at = 0;
  private depth = 0;
  constructor(private readonly text: string) {}

  value(): Json {
    this.skip();
    const c = this.text[this.at];
    if (c === '{') return this.nested(() => this.object());
    if (c === '[') return this.nested(() => this.array());
    if (c === '"') return this.string();
    for (const [word, value] of [['true', true], ['false', false], ['null', null]] as const) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return value;
    }
    const number = this.match(NUMBER);
    return String(Number(number)) === number ? Number(number) : new Exact(number);
  }

  skip(): void {
    this.match(BLANKS);
  }

  fail(): never {
    const near = this.text.slice(this.at, this.at + 20);
    throw new SyntaxError(near === '' ? 'the JSON ends too soon' : `not JSON at character ${this.at + 1}: ${near}`);
  }

  private nested<T extends object>(read: () => T): T {
    if (++this.depth > DEPTH_MAX) throw new SyntaxError('the JSON is nested too deeply');
    const begin = this.at++;
    const made = read();
    sources.set(made, { text: this.text, begin, end: this.at });
    this.depth--;
    return made;
  }

  private object(): JsonObject {
    const made = Object.create(null) as JsonObject;
    this.members('}', () => {
      const key = this.string();
      this.skip();
      if (this.text[this.at++] !== ':') this.fail();
      made[key] = this.value();
    });
    return made;
  }

  private array(): Json[] {
    const made: Json[] = [];
    this.members(']', () => made.push(this.value()));
    return made;
  }

  private members(end: string, read: () => void): void {
    this.skip();
    if (this.text[this.at] === end) {
      this.at++;
      return;
    }
    for (;;) {
      this.skip();
      read();
      this.skip();
      const next = this.text[this.at++];
      if (next === end) return;
      if (next !== ',') {
        this.at--;
        this.fail();
      }
    }
  }

  private string(): string {
    const found = this.match(STRING);
    return found.includes('\\') ? (JSON.parse(found) as string) : found.slice(1, -1);
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) this.fail();
    this.at = pattern.lastIndex;
    return found[0];
  }
}

/** Throws a SyntaxError that says where. */
export function parse(text: string): Json {
  const parser = new Parser(text);
  const value = parser.value();
  parser.skip();
  if (parser.at !== text.length) parser.fail();
  return value;
}

/** The text of a value: as it was read, where it was. */
export function textOf(value: Json | undefined): string {
  if (value === undefined) return '';
  if (value instanceof Exact || value instanceof Raw) return value.text;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const source = sources.get(value);
  if (source) return source.text.slice(source.begin, source.end);
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  return `{${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}:${textOf(each)}`).join(',')}}`;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** The same JSON over several lines; nothing but blanks changes. */
export function pretty(text: string): string {
  let out = '';
  let depth = 0;
  let before = '';
  const line = () => `\n${'  '.repeat(depth)}`;
  for (const [token] of text.matchAll(TOKEN)) {
    const closes = token === '}' || token === ']';
    const opened = before === '{' || before === '[';
    if (closes) {
      depth--;
      if (!opened) out += line();
    } else if (opened || before === ',') {
      out += line();
    }
    out += token === ':' ? ': ' : token;
    if (token === '{' || token === '[') depth++;
    before = token;
  }
  return out;
}
