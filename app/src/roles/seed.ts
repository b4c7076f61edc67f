/** `seed`: fills a migrated database with demo data. */
export async function seed(_env: NodeJS.ProcessEnv): Promise<number> {
  process.stdout.write('nothing to seed yet\n');
  return Promise.resolve(0);
}
