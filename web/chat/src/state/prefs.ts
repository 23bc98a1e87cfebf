// What somebody chose on this device.
import { effect, signal } from '@preact/signals';
import type { Clock } from '../model/times';

export interface Prefs {
  theme: 'auto' | 'light' | 'dark';
  density: 'comfortable' | 'compact';
  clock: Clock;
  sound: boolean;
  desktop: boolean;
  enterSends: boolean;
}

const KEY = 'tidemill-chat:prefs';
const DEFAULTS: Prefs = { theme: 'auto', density: 'comfortable', clock: 'auto', sound: true, desktop: false, enterSends: true };

function stored(): Prefs {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Prefs>) };
  } catch {
    return DEFAULTS;
  }
}

export const prefs = signal<Prefs>(stored());

export function setPrefs(change: Partial<Prefs>): void {
  prefs.value = { ...prefs.value, ...change };
  localStorage.setItem(KEY, JSON.stringify(prefs.value));
}

const darkSystem = matchMedia('(prefers-color-scheme: dark)');

/** The styles look at these attributes. */
export function applyPrefs(): void {
  const show = () => {
    const { theme, density } = prefs.value;
    const dark = theme === 'dark' || (theme === 'auto' && darkSystem.matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    document.documentElement.dataset.density = density;
  };
  effect(show);
  darkSystem.addEventListener('change', show);
  addEventListener('storage', ({ key }) => {
    if (key === KEY) prefs.value = stored();
  });
}
