// `tidemill serve --dev` for the time of a test.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const START_MS = 30_000;

export class Server {
  log = '';

  // Listens on any free port, or on `address`.
  static async start(binary, address = '127.0.0.1:0') {
    const server = new Server();
    server.process = spawn(binary, ['serve', '--dev', `--http_server.listen=${address}`]);
    for (const stream of [server.process.stdout, server.process.stderr]) {
      stream.on('data', (text) => (server.log += text));
    }
    const deadline = Date.now() + START_MS;
    while (Date.now() < deadline && server.process.exitCode === null) {
      server.address = /server\.listening.*address="?([0-9.]+:\d+)/.exec(server.log)?.[1];
      if (server.address && (await healthy(server.url))) return server;
      await delay(20);
    }
    throw new Error(`the server did not start:\n${server.log}`);
  }

  get url() {
    return `http://${this.address}`;
  }

  // As a crash would end it.
  async kill() {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}

async function healthy(url) {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}
