import { Agent, request } from 'node:http';

export interface LoadReport {
  sent: number;
  failed: number;
  /** What went wrong, each kind with its count. */
  faults: Record<string, number>;
  /** The releases that answered. */
  releases: Set<string>;
}

/**
 * A running loop of requests to a gateway on the loopback, half of them over kept connections and half over new ones, until
 * `stop`, or until `limit` requests.
 *
 * @param port of the gateway on 127.0.0.1
 */
export function startLoad(port: number, limit = 50_000): { stop: () => Promise<LoadReport> } {
  const report: LoadReport = { sent: 0, failed: 0, faults: {}, releases: new Set() };
  let stopped = false;
  const fail = (kind: string) => {
    report.failed++;
    report.faults[kind] = (report.faults[kind] ?? 0) + 1;
  };
  const client = async (agent: Agent) => {
    while (!stopped && report.sent < limit) {
      report.sent++;
      try {
        const { status, body } = await get(port, '/health', agent);
        if (status !== 200) fail(`status ${status}`);
        else report.releases.add((JSON.parse(body) as { release: string }).release);
      } catch (error) {
        fail((error as NodeJS.ErrnoException).code ?? (error as Error).message);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    agent.destroy();
  };
  const clients = [true, true, false, false].map((keepAlive) => client(new Agent({ keepAlive, maxSockets: 1 })));
  return {
    stop: async () => {
      stopped = true;
      await Promise.all(clients);
      return report;
    },
  };
}

function get(port: number, path: string, agent: Agent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, agent, timeout: 15_000 }, (response) => {
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
