// Draws the last minute of a Meter.
import { SLOT_MS, SLOTS, type Meter } from './meter';

const LEAST_TOP = 10;
const PADDING_TOP = 16;
const PADDING_BOTTOM = 18;

export class Plot {
  private readonly context: CanvasRenderingContext2D;
  private readonly still = matchMedia('(prefers-reduced-motion: reduce)');
  private top = LEAST_TOP;

  constructor(private readonly canvas: HTMLCanvasElement, private readonly meter: Meter) {
    const context = canvas.getContext('2d');
    if (!context) throw new Error('no canvas');
    this.context = context;
    const frame = () => {
      this.draw(performance.now());
      if (this.still.matches) setTimeout(frame, 1000);
      else requestAnimationFrame(frame);
    };
    frame();
  }

  private draw(now: number): void {
    const { canvas, context } = this;
    const scale = devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);

    const rates = this.meter.rates(now);
    const style = getComputedStyle(canvas);
    const color = (name: string) => style.getPropertyValue(name).trim();
    this.follow(Math.max(...rates));
    const compact = height < 80;
    const above = compact ? 6 : PADDING_TOP;
    const below = compact ? 2 : PADDING_BOTTOM;
    const base = height - below;
    const y = (rate: number) => base - ((base - above) * rate) / this.top;
    const step = width / (SLOTS - 2);
    const shift = this.still.matches ? 0 : ((now % SLOT_MS) / SLOT_MS) * step;

    context.font = '11px system-ui, sans-serif';
    context.lineWidth = 1;
    for (const rate of compact ? [0] : [0, this.ceiling() / 2, this.ceiling()]) {
      context.strokeStyle = color('--line');
      context.beginPath();
      context.moveTo(0, Math.round(y(rate)) + 0.5);
      context.lineTo(width, Math.round(y(rate)) + 0.5);
      context.stroke();
      context.fillStyle = color('--soft');
      if (rate > 0) context.fillText(String(rate), 16, y(rate) - 4);
    }
    if (!compact) {
      context.fillText('1 min ago', 16, height - 4);
      context.textAlign = 'right';
      context.fillText('now', width - 16, height - 4);
      context.textAlign = 'left';
    }

    context.beginPath();
    rates.forEach((rate, index) => context.lineTo(index * step - shift, y(rate)));
    context.strokeStyle = color('--tide');
    context.lineWidth = 2;
    context.lineJoin = 'round';
    context.stroke();
    context.lineTo(width, base);
    context.lineTo(0, base);
    context.globalAlpha = 0.14;
    context.fillStyle = color('--tide');
    context.fill();
    context.globalAlpha = 1;
  }

  // The scale moves towards what is shown instead of jumping.
  private follow(highest: number): void {
    this.wanted = niceCeiling(highest);
    this.top += (this.wanted - this.top) * (this.still.matches ? 1 : 0.12);
  }

  private ceiling(): number {
    return this.wanted;
  }

  private wanted = LEAST_TOP;
}

function niceCeiling(value: number): number {
  let ceiling = LEAST_TOP;
  for (let i = 0; ceiling < value; i++) ceiling *= i % 3 === 1 ? 2.5 : 2;
  return ceiling;
}
