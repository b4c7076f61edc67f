import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

/**
 * A connection pooler, as small as it can be. Like the real ones it answers the start-up itself,
 * makes the process id up, and drops the start-up options. In transaction mode all clients share
 * one session of the server; in session mode each has its own.
 */
export class FakePooler {
  readonly url: string;
  readonly #server: Server;
  readonly #sessions: pg.Client[];

  private constructor(url: string, server: Server, sessions: pg.Client[]) {
    this.url = url;
    this.#server = server;
    this.#sessions = sessions;
  }

  /** @param setup SQL that each session of the server begins with */
  static async start(
    mode: 'transaction' | 'session',
    upstream: string,
    setup: string,
  ): Promise<FakePooler> {
    const sessions: pg.Client[] = [];
    const connect = async (): Promise<Session> => {
      const client = new pg.Client({ connectionString: upstream });
      client.on('error', () => {});
      await client.connect();
      await client.query(setup);
      sessions.push(client);
      return new Session(client);
    };
    const shared = mode === 'transaction' ? await connect() : undefined;
    const server = createServer(
      (socket) => void serve(socket, () => (shared ? Promise.resolve(shared) : connect())),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(upstream);
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new FakePooler(url.href, server, sessions);
  }

  stop(): void {
    this.#server.close();
    for (const session of this.#sessions) void session.end().catch(() => {});
  }
}

/** One session of the server, taken over from a client after its sign-in. Requests take turns. */
class Session {
  readonly #stream: Socket;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(client: pg.Client) {
    this.#stream = (client as unknown as { connection: { stream: Socket } }).connection.stream;
    this.#stream.removeAllListeners('data');
  }

  /** Sends so many requests and passes the answers on, up to and with the ReadyForQuery of each. */
  ask(request: Buffer, count: number, answer: (bytes: Buffer) => void): Promise<unknown> {
    this.#turn = this.#turn.then(
      () =>
        new Promise<void>((resolve) => {
          let held: Buffer = Buffer.alloc(0);
          let open = count;
          const listener = (chunk: Buffer): void => {
            answer(chunk);
            held = Buffer.concat([held, chunk]);
            const { rest, types } = messages(held);
            held = rest;
            open -= types.filter((type) => type === 'Z').length;
            if (open > 0) return;
            this.#stream.off('data', listener);
            resolve();
          };
          this.#stream.on('data', listener);
          this.#stream.write(request);
        }),
    );
    return this.#turn;
  }
}

const message = (type: string, body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
};

async function serve(socket: Socket, open: () => Promise<Session>): Promise<void> {
  socket.on('error', () => {});
  const session = open();
  let started = false;
  let held: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    if (!started) {
      started = true;
      const key = Buffer.alloc(8);
      key.writeInt32BE(999_999);
      const hello = [
        message('R', Buffer.alloc(4)),
        message('K', key),
        message('Z', Buffer.from('I')),
      ];
      void session.then(() => socket.write(Buffer.concat(hello)));
      return;
    }
    held = Buffer.concat([held, chunk]);
    const { rest, types } = messages(held);
    if (types.at(-1) === 'X') return void socket.end();
    // A whole request ends with Query or Sync.
    const ends = types.filter((type) => type === 'Q' || type === 'S');
    if (rest.length > 0 || !['Q', 'S'].includes(types.at(-1) ?? '')) return;
    const request = held;
    held = Buffer.alloc(0);
    void session.then((upstream) =>
      upstream.ask(request, ends.length, (bytes) => socket.write(bytes)),
    );
  });
  await session;
}

/** The types of the whole messages in some bytes, and what is left of the last one. */
function messages(bytes: Buffer): { types: string[]; rest: Buffer } {
  const types: string[] = [];
  let at = 0;
  while (at + 5 <= bytes.length) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    if (end > bytes.length) break;
    types.push(String.fromCharCode(bytes[at] ?? 0));
    at = end;
  }
  return { types, rest: bytes.subarray(at) };
}
