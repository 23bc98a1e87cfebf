// One field for each parameter of an endpoint and each member of its body, and the request that they make.

import { element } from '../../demo/src/dom';
import { type ApiDocument, type Endpoint, type Schema, resolve, typeName } from './document';

type Place = 'path' | 'query' | 'header' | 'body';

interface Field {
  name: string;
  place: Place;
  required: boolean;
  schema: Schema;
  description: string;
  input: HTMLInputElement | HTMLSelectElement;
}

export interface Call {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
}

let ids = 0;

function isOf(schema: Schema, type: string): boolean {
  return [schema.type ?? []].flat().includes(type);
}

function inputFor(schema: Schema): HTMLInputElement | HTMLSelectElement {
  const choices = schema.enum ?? (isOf(schema, 'boolean') ? ['true', 'false'] : null);
  if (choices) {
    const select = document.createElement('select');
    select.append(new Option('', ''));
    for (const choice of choices) if (choice !== null) select.append(new Option(choice, choice));
    return select;
  }
  const input = document.createElement('input');
  input.type = 'text';
  input.spellcheck = false;
  if (isOf(schema, 'integer')) input.inputMode = 'numeric';
  const hint = schema.default ?? schema.examples?.[0];
  if (hint !== undefined) input.placeholder = String(hint);
  return input;
}

// What stands in a field, as JSON: 5 of a number, "5" of a text.
function toJson(schema: Schema, text: string): unknown {
  if (isOf(schema, 'string')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text; // the server says what is wrong with it
  }
}

// Numbers stay as they were typed: JavaScript's hold 53 bits.
function bodyOf(fields: Field[]): string {
  const members = fields.filter((field) => field.input.value !== '' || field.required).map((field) => {
    const text = field.input.value;
    const exact = /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) && !isOf(field.schema, 'string');
    return `${JSON.stringify(field.name)}: ${exact ? text : JSON.stringify(toJson(field.schema, text))}`;
  });
  return `{${members.join(', ')}}`;
}

export class RequestForm {
  readonly element: HTMLFormElement;
  private readonly fields: Field[] = [];

  constructor(private readonly api: ApiDocument, private readonly endpoint: Endpoint) {
    this.element = document.createElement('form');
    this.element.className = 'request';
    this.element.autocomplete = 'off';
    this.addParameters((place) => place !== 'header');
    const body = endpoint.operation.requestBody?.content['application/json'];
    const schema = body && resolve(api, body.schema);
    for (const [name, member] of Object.entries(schema?.properties ?? {})) {
      this.add(name, 'body', schema?.required?.includes(name) ?? false, member, member.description);
    }
    this.addParameters((place) => place === 'header');
  }

  private addParameters(wanted: (place: Place) => boolean): void {
    for (const parameter of this.endpoint.operation.parameters) {
      if (!wanted(parameter.in)) continue;
      this.add(parameter.name, parameter.in, parameter.required ?? false, parameter.schema, parameter.description);
    }
  }

  private add(name: string, place: Place, required: boolean, schema: Schema, description = ''): void {
    const input = inputFor(schema);
    input.id = `field-${++ids}`;
    input.setAttribute('aria-describedby', `${input.id}-about`);
    input.required = required && place === 'path';
    const label = element('label') as HTMLLabelElement;
    label.htmlFor = input.id;
    label.append(element('b', '', name), required ? element('span', 'needed', ' needed') : '');
    const about = element('span', 'about', [place, typeName(this.api, schema), description].filter(Boolean).join(' · '));
    about.id = `${input.id}-about`;
    const row = element('div', 'field');
    row.append(label, input, about);
    this.element.append(row);
    this.fields.push({ name, place, required, schema, description, input });
  }

  private at(place: Place): Field[] {
    return this.fields.filter((field) => field.place === place);
  }

  call(token: string): Call {
    let path = this.endpoint.path;
    for (const field of this.at('path')) path = path.replace(`{${field.name}}`, encodeURIComponent(field.input.value));
    const query = new URLSearchParams();
    for (const { name, input, schema } of this.at('query')) {
      if (input.value === '') continue;
      const values = isOf(schema, 'array') ? input.value.split(',').map((text) => text.trim()) : [input.value];
      for (const value of values) query.append(name, value);
    }
    const headers: Record<string, string> = {};
    if (token) headers['Authorization'] = `Bearer ${token}`;
    for (const { name, input } of this.at('header')) if (input.value) headers[name] = input.value;
    const search = query.size > 0 ? `?${query}` : '';
    const base = new URL(this.api.servers[0]?.url ?? '/', location.href).href.replace(/\/$/, '');
    const call: Call = { method: this.endpoint.method, url: base + path + search, headers };
    if (this.at('body').length > 0) {
      headers['Content-Type'] = 'application/json';
      call.body = bodyOf(this.at('body'));
    }
    return call;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function asCurl(call: Call): string {
  const parts = ['curl'];
  if (call.method !== 'GET') parts.push('-X', call.method);
  for (const [name, value] of Object.entries(call.headers)) parts.push('-H', quoted(`${name}: ${value}`));
  if (call.body !== undefined) parts.push('-d', quoted(call.body));
  return [...parts, quoted(call.url)].join(' ');
}
