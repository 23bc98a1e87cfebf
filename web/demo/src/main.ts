// The demo page of `tidemill serve --dev`: one connection, a chat room, a live rate, and a background job.
import { Centrifuge, type TransportEndpoint } from 'centrifuge';
import { byId } from './dom';
import { fetchIdentity, type Identity } from './identity';
import { DemoJob } from './job';
import { Pulse } from './pulse';
import { Room } from './room';
import { showSnippets } from './snippets';

const RETRY_MS = 1000;

function showState(state: 'connecting' | 'connected' | 'disconnected', text: string): void {
  byId('state').dataset.state = state;
  byId('state-text').textContent = text;
  byId<HTMLButtonElement>('send').disabled = state !== 'connected';
}

// Keeps asking: the page may be older than the server it was loaded from.
async function identify(): Promise<Identity> {
  for (;;) {
    try {
      return await fetchIdentity();
    } catch {
      showState('connecting', 'Waiting for the server…');
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

// The first that gets through. `?transport=sse` asks for one.
function transports(): TransportEndpoint[] {
  const all: TransportEndpoint[] = [
    { transport: 'websocket', endpoint: `${location.origin.replace(/^http/, 'ws')}/connection/websocket` },
    { transport: 'http_stream', endpoint: `${location.origin}/connection/http_stream` },
    { transport: 'sse', endpoint: `${location.origin}/connection/sse` },
  ];
  const wanted = new URLSearchParams(location.search).get('transport');
  const chosen = all.filter(({ transport }) => transport === wanted);
  return chosen.length > 0 ? chosen : all;
}

function compose(room: Room): void {
  const form = byId<HTMLFormElement>('composer');
  const input = byId<HTMLInputElement>('text');
  const note = byId('note');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text === '' || byId<HTMLButtonElement>('send').disabled) return;
    input.value = '';
    note.hidden = true;
    try {
      await room.say(text);
    } catch (error) {
      // Nothing typed is lost, unless something newer stands there.
      input.value ||= text;
      note.textContent = `Not sent: ${(error as Error).message ?? 'no connection'}`;
      note.hidden = false;
    }
  });
}

async function main(): Promise<void> {
  let identity = await identify();
  showSnippets(identity);
  const client = new Centrifuge(transports(), {
    token: identity.token,
    name: 'demo',
    maxReconnectDelay: 3000,
    emulationEndpoint: `${location.origin}/emulation`,
  });
  const job = new DemoJob(client);
  job.use(identity);
  let lost = false;
  client.on('connected', ({ transport }) => {
    lost = true;
    byId('state').dataset.transport = transport;
    const over = transport === 'websocket' ? '' : ` over ${transport === 'sse' ? 'SSE' : 'HTTP streaming'}`;
    showState('connected', `Connected as ${identity.user}${over}`);
  });
  client.on('connecting', () => showState('connecting', lost ? 'Connection lost, trying again…' : 'Connecting…'));
  client.on('disconnected', async ({ reason }) => {
    // The keys of a development server are new at every start: come back as somebody new.
    showState('disconnected', `Disconnected: ${reason}`);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    identity = await identify();
    showSnippets(identity);
    job.use(identity);
    client.setToken(identity.token);
    client.connect();
  });

  byId('room-name').textContent = identity.channel;
  let pulse: Pulse | undefined;
  const room = new Room(client, identity.channel, () => pulse?.count());
  pulse = new Pulse(client, identity.rateChannel);
  compose(room);
  client.connect();
}

void main();
