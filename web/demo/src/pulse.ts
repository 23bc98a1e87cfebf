// Messages a second: counts what arrives in this tab, and sends a burst so that there is something to see.
import { Centrifuge, type Subscription } from 'centrifuge';
import { byId } from './dom';
import { Meter } from './meter';
import { Plot } from './plot';

const BURST_MS = 10_000;
const BURST_INTERVAL_MS = 20;
const TRIPS_MAX = 50;

export class Pulse {
  private readonly meter = new Meter(performance.now());
  private readonly button = byId<HTMLButtonElement>('burst');
  private readonly now = byId('rate-now');
  private readonly trip = byId('rate-trip');
  private readonly tab = crypto.getRandomValues(new Uint32Array(1))[0];
  private readonly subscription: Subscription;
  private trips: number[] = [];
  private stop: (() => void) | undefined;

  constructor(client: Centrifuge, channel: string) {
    new Plot(byId<HTMLCanvasElement>('plot'), this.meter);
    setInterval(() => this.show(), 250);
    this.subscription = client.newSubscription(channel);
    this.subscription.on('publication', ({ data }) => {
      this.count();
      if (data?.tab === this.tab && typeof data.at === 'number') this.measured(performance.now() - data.at);
    });
    this.subscription.on('state', ({ newState }) => {
      this.button.disabled = newState !== 'subscribed';
      if (this.button.disabled) this.stop?.();
    });
    this.button.disabled = true;
    this.button.addEventListener('click', () => (this.stop ? this.stop() : this.burst()));
    this.subscription.subscribe();
  }

  count(): void {
    this.meter.count(performance.now());
  }

  private burst(): void {
    const begun = performance.now();
    let sent = 0;
    // As many as are due: timers of a page in the background tick slowly.
    const timer = setInterval(() => {
      const passed = Math.min(performance.now() - begun, BURST_MS);
      for (; sent < passed / BURST_INTERVAL_MS; sent++) {
        this.subscription.publish({ tab: this.tab, at: performance.now() }).catch(() => this.stop?.());
      }
      if (passed >= BURST_MS) this.stop?.();
    }, BURST_INTERVAL_MS);
    this.button.textContent = 'Stop';
    this.button.setAttribute('aria-pressed', 'true');
    this.stop = () => {
      clearInterval(timer);
      this.stop = undefined;
      this.button.textContent = 'Send a burst';
      this.button.setAttribute('aria-pressed', 'false');
    };
  }

  private measured(milliseconds: number): void {
    this.trips = [...this.trips.slice(1 - TRIPS_MAX), milliseconds];
  }

  private show(): void {
    this.now.textContent = String(this.meter.rates(performance.now()).at(-1) ?? 0);
    if (this.trips.length === 0) return;
    const median = [...this.trips].sort((a, b) => a - b)[this.trips.length >> 1] ?? 0;
    this.trip.textContent = `${median.toFixed(1)} ms there and back`;
  }
}
