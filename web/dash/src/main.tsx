// The dashboards: what SQL endpoints with @chart give, drawn, and drawn again when it changes.
import { render } from 'preact';
import { follow } from '../../console/src/router';
import { App } from './app';
import { takeTokenFromAddress } from './session';

takeTokenFromAddress();
// The link may be opened in a tab that shows the page already.
addEventListener('hashchange', () => {
  if (takeTokenFromAddress()) location.reload();
});
follow();
const app = document.getElementById('app');
if (app) render(<App />, app);
