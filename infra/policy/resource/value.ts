/**
 * The marks that the engine writes for a value that is known only in the update, one for each kind.
 * Source: `sdk/go/common/resource/plugin/rpc.go`, pulumi/pulumi.
 */
const unknownMarks = new Set([
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7', // boolean
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421', // number
  '04da6b54-80e4-46f7-96ec-b56ff0331ba9', // string
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2', // array
  '030794c1-ac77-496b-92df-f27374a8bd58', // asset
  'e48ece36-62e2-4504-bad9-02848725956a', // archive
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff', // object
]);

/** A value that is known only in the update, for tests of rules. */
export const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** Thrown when a rule reads a value that is known only in the update. It is no violation. */
export class UnknownValue extends Error {
  readonly path: string;

  constructor(path: string) {
    super(`${path} is known only after the update`);
    this.path = path;
  }
}

/**
 * A property of a resource, read by path. Absent and null are the same. A flag or a number may be
 * text, a list may be its only item, an object may be JSON text. Reading a value that is not known
 * yet throws `UnknownValue`.
 */
export class Value {
  readonly path: string;
  readonly #raw: unknown;

  constructor(raw: unknown, path = '') {
    this.#raw = raw;
    this.path = path;
  }

  /** The property at a path such as `networkConfiguration.assignPublicIp`. */
  get(path: string): Value {
    let at: unknown = this.#raw;
    let read = this.path;
    for (const name of path.split('.')) {
      refuseUnknown(at, read);
      // Providers write a single block as an object or as a list of one.
      const holder =
        Array.isArray(at) && at.length === 1 && !/^\d+$/.test(name) ? (at[0] as unknown) : at;
      refuseUnknown(holder, read);
      read = read === '' ? name : `${read}.${name}`;
      at =
        typeof holder === 'object' && holder !== null
          ? (holder as Record<string, unknown>)[name]
          : undefined;
    }
    return new Value(at, read);
  }

  get isUnknown(): boolean {
    return isUnknown(this.#raw);
  }

  get isSet(): boolean {
    return this.#known() !== undefined && this.#raw !== null;
  }

  text(): string | undefined {
    const raw = this.#known();
    return typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean'
      ? String(raw)
      : undefined;
  }

  flag(): boolean | undefined {
    const text = this.text();
    return text === undefined ? undefined : text === 'true';
  }

  number(): number | undefined {
    const text = this.text();
    return text === undefined || text === '' || Number.isNaN(Number(text))
      ? undefined
      : Number(text);
  }

  /** The items of a list: one for a single value, none when absent. An item may be unknown. */
  list(): Value[] {
    const raw = this.#known();
    if (raw === undefined || raw === null) return [];
    if (!Array.isArray(raw)) return [this];
    return raw.map((item, index) => new Value(item, `${this.path}[${index}]`));
  }

  /** The items of a list as texts. */
  texts(): string[] {
    return this.list().flatMap((item) => item.text() ?? []);
  }

  /** The named values of an object. */
  entries(): [string, Value][] {
    const raw = this.#known();
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return [];
    return Object.entries(raw).map(([name, value]) => [
      name,
      new Value(value, `${this.path}.${name}`),
    ]);
  }

  /** The value of JSON text. An object stays as it is; text that is not JSON becomes absent. */
  json(): Value {
    const raw = this.#known();
    if (typeof raw !== 'string') return this;
    try {
      return new Value(JSON.parse(raw), this.path);
    } catch {
      return new Value(undefined, this.path);
    }
  }

  #known(): unknown {
    refuseUnknown(this.#raw, this.path);
    return this.#raw;
  }
}

function isUnknown(raw: unknown): boolean {
  return typeof raw === 'string' && unknownMarks.has(raw);
}

function refuseUnknown(raw: unknown, path: string): void {
  if (isUnknown(raw)) throw new UnknownValue(path || 'the resource');
}
