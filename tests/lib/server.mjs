// A server for the time of a test, started by server.py.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const STARTER = fileURLToPath(new URL('server.py', import.meta.url));

export class Server {
  log = ''; // What it has written. Complete when the server has ended, and of one that runs read by readLog().

  // Listens on any free port, unless an option says where.
  static async start(binary, ...options) {
    const server = new Server();
    server.process = spawn('python3', [STARTER, binary, ...options]);
    server.ended = once(server.process, 'exit');
    server.process.stderr.on('data', (text) => (server.log += text));
    const [line] = await Promise.race([once(createInterface({ input: server.process.stdout }), 'line'), server.ended]);
    if (typeof line !== 'string') throw new Error(`the server did not start:\n${server.log}`);
    const { log: path, ...about } = JSON.parse(line);
    Object.assign(server, about, { readLog: () => readFileSync(path, 'utf8') });
    return server;
  }

  get url() {
    return `http://${this.address}`;
  }

  // As a crash would end it.
  async kill() {
    try {
      process.kill(this.pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
    await this.ended;
  }
}
