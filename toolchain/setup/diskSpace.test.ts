import { describe, expect, it } from 'vitest';
import { requireDiskSpace } from './diskSpace.ts';

describe('disk space', () => {
  it('is asked for before a build, with the room there is and what frees some', async () => {
    // proc is a real file system without a byte to spare.
    await expect(requireDiskSpace('/proc')).rejects.toMatchObject({
      message: expect.stringMatching(/disk under \/proc.* has 0 MB free/) as string,
      next: expect.stringContaining('docker image prune') as string,
    });
  });

  it('is not asked for where the engine’s folder is not on this machine', async () => {
    await expect(requireDiskSpace('/no/such/folder')).resolves.toBeUndefined();
  });
});
