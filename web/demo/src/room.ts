// The chat room: its history, what follows, and who is here.
import { Centrifuge, type PublicationContext, type SubscribedContext, type Subscription } from 'centrifuge';
import { Messages, readMessage } from './messages';
import { People } from './people';

const HISTORY = 100;

export class Room {
  private readonly subscription: Subscription;
  private readonly messages = new Messages();
  private readonly people: People;
  private clientId = '';
  private epoch = '';
  private loaded = false;
  private newest = 0; // offset of the last publication shown
  private waiting: PublicationContext[] | undefined = []; // those that arrive while history is asked for

  constructor(client: Centrifuge, channel: string, private readonly arrived: () => void) {
    this.people = new People((id) => id === this.clientId);
    client.on('connected', (context) => (this.clientId = context.client));
    this.subscription = client.newSubscription(channel);
    this.subscription.on('subscribing', () => (this.waiting ??= []));
    this.subscription.on('subscribed', (context) => void this.start(context));
    this.subscription.on('publication', (publication) => {
      this.arrived();
      if (this.waiting) this.waiting.push(publication);
      else this.show(publication);
    });
    this.subscription.on('join', ({ info }) => {
      this.people.join(info);
      if (info.client !== this.clientId) this.messages.note(`${info.user || 'Somebody'} joined`);
    });
    this.subscription.on('leave', ({ info }) => {
      this.people.leave(info);
      if (info.client !== this.clientId) this.messages.note(`${info.user || 'Somebody'} left`);
    });
    this.subscription.subscribe();
  }

  async say(text: string): Promise<void> {
    await this.subscription.publish({ text, at: Date.now() });
    this.messages.scrollToEnd();
  }

  // Recovered: what was missed follows by itself. Otherwise the history fills in what it still has, as it
  // does when the connection went away before the first of it came.
  private async start(context: SubscribedContext): Promise<void> {
    const epoch = context.streamPosition?.epoch ?? '';
    try {
      await Promise.all([
        this.people.load(async () => (await this.subscription.presence()).clients),
        context.recovered && this.loaded ? undefined : this.load(epoch),
      ]);
    } catch {
      // The connection went away; the next one starts again.
      return;
    }
    this.loaded = true;
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    for (const publication of waiting) this.show(publication);
  }

  private async load(epoch: string): Promise<void> {
    const history = await this.subscription.history({ limit: HISTORY, reverse: true });
    if (this.epoch !== '' && epoch !== this.epoch) {
      this.messages.note('The server started anew; its history is empty now', 'event break');
    }
    if (epoch !== this.epoch) this.newest = 0;
    this.epoch = epoch;
    const oldest = history.publications.at(-1)?.offset ?? 0;
    if (this.newest > 0 && oldest > this.newest + 1) {
      this.messages.note('Older messages are no longer kept', 'event break');
    }
    for (const publication of history.publications.reverse()) this.show(publication);
  }

  private show(publication: PublicationContext): void {
    const offset = publication.offset ?? 0;
    if (offset > 0 && offset <= this.newest) return;
    this.newest = Math.max(this.newest, offset);
    const message = readMessage(publication.data, publication.info?.user ?? '');
    if (message) this.messages.add(message);
  }
}
