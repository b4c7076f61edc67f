import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { watchPulumi } from './runPulumi.ts';

export interface RecordedRun {
  code: number;
  /** What a person would have seen. */
  output: string;
  /** What the engine reported, in order; empty where it did not get that far. */
  events: EngineEvent[];
}

/**
 * Runs pulumi and keeps what the engine reports of each resource. Secrets are masked in it by the
 * engine.
 *
 * @param args such as `preview`, `--stack`, `dev`
 */
export async function recordedRun(...args: string[]): Promise<RecordedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-events-'));
  const log = join(folder, 'events');
  try {
    const { code, output } = await watchPulumi([...args, '--event-log', log], () => undefined, {
      PULUMI_DEBUG_COMMANDS: 'true',
    }).finished;
    return { code, output, events: readEvents(log) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * One event a line. What a provider says for its own developers is left out: it is much, and not
 * masked.
 */
function readEvents(file: string): EngineEvent[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as EngineEvent)
    .filter(({ diagnosticEvent }) => (diagnosticEvent?.severity as string) !== 'debug');
}
