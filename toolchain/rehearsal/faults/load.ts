import { Agent, request } from 'node:http';

export interface LoadReport {
  sent: number;
  failed: number;
  /** The kinds of failure, each with its count. */
  faults: Record<string, number>;
  /** The releases that answered. */
  releases: Set<string>;
}

export interface LoadOptions {
  /** Most requests in all. */
  limit?: number;
  /** How many clients ask at a time; every second one opens a connection for each request. */
  clients?: number;
  /** Between two requests of a client, milliseconds. */
  pauseMs?: number;
  /** Paths below the address, asked for in turn. */
  paths?: string[];
}

export interface Load {
  /** The report since the last lap, or the start; the loop goes on. */
  lap(): LoadReport;
  /** Ends the loop, and gives the report since the last lap. */
  stop(): Promise<LoadReport>;
}

/**
 * A running loop of requests to an address on the loopback, over kept and over new connections,
 * until `stop` or `limit`.
 *
 * @param url such as `http://127.0.0.1:8000`; its answers may say in `release` which release they
 *   are from
 * @throws Error when the address is not on the loopback
 */
export function startLoad(
  url: string,
  { limit = 50_000, clients = 4, pauseMs = 5, paths = ['/health'] }: LoadOptions = {},
): Load {
  const { hostname } = new URL(url);
  if (hostname !== '127.0.0.1') throw new Error(`load goes to 127.0.0.1 only, not to ${hostname}`);
  let report = emptyReport();
  let sent = 0;
  let stopped = false;
  const ask = async (path: string, agent: Agent): Promise<void> => {
    sent++;
    report.sent++;
    // An answer counts where its request was counted.
    const own = report;
    const fail = (kind: string): void => {
      own.failed++;
      own.faults[kind] = (own.faults[kind] ?? 0) + 1;
    };
    try {
      const { status, body } = await get(url + path, agent);
      if (status !== 200) return fail(`status ${status} from ${path}`);
      const { release } = JSON.parse(body) as { release?: string };
      if (release !== undefined) own.releases.add(release);
    } catch (error) {
      fail((error as NodeJS.ErrnoException).code ?? (error as Error).message);
    }
  };
  const client = async (agent: Agent): Promise<void> => {
    for (let turn = 0; !stopped && sent < limit; turn++) {
      await ask(paths[turn % paths.length] ?? '/', agent);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    agent.destroy();
  };
  const all = Array.from({ length: clients }, (_, at) =>
    client(new Agent({ keepAlive: at % 2 === 0, maxSockets: 1 })),
  );
  const lap = (): LoadReport => {
    const done = report;
    report = emptyReport();
    return done;
  };
  return {
    lap,
    stop: async () => {
      stopped = true;
      await Promise.all(all);
      return lap();
    },
  };
}

function emptyReport(): LoadReport {
  return { sent: 0, failed: 0, faults: {}, releases: new Set() };
}

function get(url: string, agent: Agent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent, timeout: 15_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 15 s')));
    call.on('error', reject);
    call.end();
  });
}
