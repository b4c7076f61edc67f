import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const source = resolve(import.meta.dirname, '../..');

/**
 * A copy of this checkout as a person would have it after `git clone`, for tests that change its
 * files. It has a state, a passphrase and labels of its own, so what it runs does not meet what
 * runs from the checkout itself.
 */
export class Checkout {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static create(): Checkout {
    const root = mkdtempSync(join(tmpdir(), 'slipway-e2e-'));
    const listed = git(source, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
    // Git still lists a file that was deleted and not yet committed.
    const files = listed
      .split('\0')
      .filter((file) => file !== '' && existsSync(join(source, file)));
    for (const file of files) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      cpSync(join(source, file), join(root, file), { dereference: false, force: true });
    }
    // The salt of the checkout it comes from is not committed there either.
    for (const file of readdirSync(root).filter((name) => /^Pulumi\..+\.yaml$/.test(name))) {
      const text = readFileSync(join(root, file), 'utf8');
      writeFileSync(join(root, file), text.replace(/^encryptionsalt:.*\n/m, ''));
    }
    symlinkSync(join(source, 'node_modules'), join(root, 'node_modules'));
    const checkout = new Checkout(root);
    git(root, ['init', '-q', '-b', 'main']);
    checkout.commit();
    return checkout;
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  /** Changes a file by replacing a piece of it, which has to be there. */
  edit(path: string, from: string, to: string): void {
    const text = this.read(path);
    if (!text.includes(from)) throw new Error(`${path} does not contain ${JSON.stringify(from)}`);
    this.write(path, text.replace(from, to));
  }

  delete(path: string): void {
    rmSync(join(this.root, path), { recursive: true });
  }

  commit(): void {
    git(this.root, ['add', '-A']);
    git(this.root, [
      '-c',
      'user.name=test',
      '-c',
      'user.email=test@example.com',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'test',
    ]);
  }

  /** The changes that git sees; empty when there are none. */
  changes(): string {
    return git(this.root, ['status', '--porcelain']) + git(this.root, ['diff']);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function git(cwd: string, args: string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}
