// Who this tab is: the development server makes up a name and a token for each visitor.

export interface Identity {
  user: string;
  token: string;
  channel: string;
  rateChannel: string;
  api: string; // the address of the HTTP API, where there is a key
  apiKey: string; // "": not for us
  hasJobs: boolean;
}

export async function fetchIdentity(): Promise<Identity> {
  const response = await fetch('/demo/config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const config = await response.json();
  return {
    user: String(config.user),
    token: String(config.token),
    channel: String(config.channel),
    rateChannel: String(config.rate_channel ?? 'demo:pulse'),
    api: `${location.origin}${String(config.api_path ?? '')}`,
    apiKey: String(config.api_key ?? ''),
    hasJobs: config.jobs === true,
  };
}
