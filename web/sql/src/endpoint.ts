// One endpoint: what it is, and a form to try it.

import { element } from '../../demo/src/dom';
import { send } from './answer';
import { type ApiDocument, type Endpoint, typeName } from './document';
import { RequestForm, asCurl } from './form';

function whoMayCall(endpoint: Endpoint): string {
  const bearer = endpoint.operation.security[0]?.['bearer'];
  if (!bearer) return 'Open to everybody';
  return bearer.length > 0 ? `Needs a token with the role ${bearer.join(' or ')}` : 'Needs a token';
}

function answers(api: ApiDocument, endpoint: Endpoint): HTMLElement {
  const list = element('dl', 'answers');
  for (const [status, response] of Object.entries(endpoint.operation.responses)) {
    if (status === 'default') continue;
    const schema = status.startsWith('2') ? response.content?.['application/json']?.schema : undefined;
    const text = [response.description, schema && typeName(api, schema)].filter(Boolean).join(': ');
    list.append(element('dt', '', status), element('dd', '', text));
  }
  return list;
}

function button(text: string, kind: 'submit' | 'button', className = ''): HTMLButtonElement {
  const made = element('button', className, text) as HTMLButtonElement;
  made.type = kind;
  return made;
}

function fill(api: ApiDocument, endpoint: Endpoint, body: HTMLElement, token: () => string): void {
  const { description } = endpoint.operation;
  if (description) body.append(element('p', 'description', description));
  body.append(element('p', 'who', whoMayCall(endpoint)));
  const form = new RequestForm(api, endpoint);
  const answer = element('div', 'answer');
  answer.hidden = true;
  answer.setAttribute('role', 'status');
  const copy = button('Copy as curl', 'button', 'plain');
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(asCurl(form.call(token())));
    copy.textContent = 'Copied';
    setTimeout(() => (copy.textContent = 'Copy as curl'), 1500);
  });
  const row = element('div', 'row');
  row.append(button('Send', 'submit'), copy);
  form.element.append(row);
  form.element.addEventListener('submit', (event) => {
    event.preventDefault();
    void send(form.call(token()), answer);
  });
  body.append(form.element, answer, answers(api, endpoint));
}

export function endpointElement(api: ApiDocument, endpoint: Endpoint, token: () => string): HTMLDetailsElement {
  const details = element('details', 'endpoint card') as HTMLDetailsElement;
  details.id = endpoint.operation.operationId;
  const summary = element('summary');
  const method = element('span', 'method', endpoint.method);
  method.dataset['method'] = endpoint.method;
  summary.append(method, element('code', 'path', endpoint.path), element('span', 'what', endpoint.operation.summary ?? ''));
  details.append(summary);
  // Large folders have thousands: a form is made when it is looked at.
  details.addEventListener('toggle', () => {
    if (!details.open || details.childElementCount > 1) return;
    const body = element('div', 'body');
    fill(api, endpoint, body, token);
    details.append(body);
  });
  return details;
}
