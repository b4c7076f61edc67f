// The benchmarks: our program beside another one that does the same, in turn. `make bench` runs
// all, `make bench ARGS="up start"` runs the named ones. They print ratios and assert none.
// docs/benchmarks.md describes each comparison.
import { availableParallelism, loadavg } from 'node:os';
import { benchImage } from './image.ts';
import { benchMigrate } from './migrate.ts';
import { benchProgram } from './program.ts';
import { benchStart } from './start.ts';
import { Bench, removeLeftovers } from './support/bench.ts';
import { endCommandsOnSignals, interruption } from './support/commands.ts';
import { machineLine, table, type Row } from './support/results.ts';
import { benchUp } from './up.ts';

const benchmarks: Record<string, { about: string; run: (bench: Bench) => Promise<Row[]> }> = {
  program: { about: 'the Pulumi program’s own process', run: benchProgram },
  image: { about: 'the size of the app image', run: benchImage },
  start: { about: 'the start of the app', run: benchStart },
  migrate: { about: 'migrations beside psql', run: benchMigrate },
  up: { about: 'pulumi up beside docker-compose up', run: benchUp },
};

function conditions(): string {
  const load = loadavg().map((value) => value.toFixed(1));
  return `${new Date().toISOString().slice(0, 16)}Z, ${availableParallelism()} cores, Node ${process.version}, load ${load.join(' ')}`;
}

async function main(names: string[]): Promise<number> {
  const unknown = names.filter((name) => !Object.hasOwn(benchmarks, name));
  if (unknown.length > 0) {
    process.stderr.write(
      `There is no benchmark ${unknown.join(', ')}: choose from ${Object.keys(benchmarks).join(', ')}.\n`,
    );
    return 2;
  }
  endCommandsOnSignals();
  await removeLeftovers();
  const bench = new Bench();
  const rows: Row[] = [];
  let failed = false;
  process.stdout.write(`at the start: ${conditions()}\n`);
  try {
    for (const [name, { about, run }] of Object.entries(benchmarks)) {
      if (interruption() || (names.length > 0 && !names.includes(name))) continue;
      const started = performance.now();
      process.stdout.write(`  … ${name}: ${about}\n`);
      try {
        rows.push(...(await run(bench)));
        process.stdout.write(
          `  ✓ ${name} (${((performance.now() - started) / 1000).toFixed(0)} s)\n`,
        );
      } catch (error) {
        failed = true;
        process.stdout.write(`  ✗ ${name}: ${(error as Error).message}\n`);
      }
    }
  } finally {
    await bench.remove();
  }
  process.stdout.write(`at the end: ${conditions()}\n\n`);
  if (rows.length > 0)
    process.stdout.write(
      `${table(rows)}\n\nMedians, with the least and the greatest sample in brackets.\n`,
    );
  for (const line of bench.notes) process.stdout.write(`${line}\n`);
  if (rows.length > 0) process.stdout.write(`${machineLine(rows)}\n`);
  if (interruption()) return interruption() === 'SIGINT' ? 130 : 143;
  return failed ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
