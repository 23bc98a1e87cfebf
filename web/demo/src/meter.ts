// Counts what arrives: messages in slots of a quarter second, over the last minute.

export const SLOT_MS = 250;
export const SLOTS = 240;
const WINDOW = 1000 / SLOT_MS;

export class Meter {
  private readonly counts = new Uint32Array(SLOTS);
  private slot = 0;

  constructor(now: number) {
    this.slot = Math.floor(now / SLOT_MS);
  }

  count(now: number): void {
    this.advance(now);
    const index = this.slot % SLOTS;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
  }

  // Messages a second for each slot that is over, oldest first; each is what came in the second up to it.
  rates(now: number): number[] {
    this.advance(now);
    const rates: number[] = [];
    let sum = 0;
    for (let age = SLOTS - 1; age >= 1; age--) {
      sum += this.at(age) - (age + WINDOW < SLOTS ? this.at(age + WINDOW) : 0);
      rates.push(sum);
    }
    return rates;
  }

  private at(age: number): number {
    return this.counts[(this.slot - age + SLOTS) % SLOTS] ?? 0;
  }

  private advance(now: number): void {
    const slot = Math.floor(now / SLOT_MS);
    const passed = Math.min(slot - this.slot, SLOTS);
    for (let i = 0; i < passed; i++) this.counts[(slot - i) % SLOTS] = 0;
    this.slot = Math.max(slot, this.slot);
  }
}
