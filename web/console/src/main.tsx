// The console: shows what a server does and why, and does what its HTTP API can, with the key of whoever sits before it.
import { render } from 'preact';
import { App } from './app';
import { follow } from './router';
import { startSampling } from './sampler';
import { takeKeyFromAddress } from './session';

takeKeyFromAddress();
// The link may be opened in a tab that shows the console already.
addEventListener('hashchange', () => {
  if (takeKeyFromAddress()) location.reload();
});
follow();
startSampling();
const app = document.getElementById('app');
if (app) render(<App />, app);
