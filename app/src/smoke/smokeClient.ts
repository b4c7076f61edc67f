/** An answer of the API under test. */
export interface SmokeAnswer {
  /** The request, such as `GET /api/models`. */
  request: string;
  status: number;
  headers: Headers;
  /** Parsed when it is JSON, else text. */
  body: unknown;
}

export interface SmokeRequest {
  token?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
}

/** No answer came at all: refused, broken off, or too late. */
export class NoAnswer extends Error {}

/** The longest that one request may take, in milliseconds. */
const requestTimeoutMs = 20_000;

/** Speaks to the API from outside. Hides passwords and tokens in all that is shown. */
export class SmokeClient {
  readonly #base: string;
  readonly #signal: AbortSignal;
  readonly #hidden = new Set<string>();

  /** @param signal aborted when the whole run has used up its time */
  constructor(base: string, signal: AbortSignal) {
    this.#base = base.replace(/\/+$/, '');
    this.#signal = signal;
  }

  /** From now on `show` replaces this text. */
  hide(text: string): void {
    this.#hidden.add(text);
  }

  /** @throws {NoAnswer} */
  async call(method: string, path: string, options: SmokeRequest = {}): Promise<SmokeAnswer> {
    const { token, body, headers } = options;
    const request = `${method} ${path}`;
    try {
      const response = await fetch(this.#base + path, {
        method,
        redirect: 'manual',
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(requestTimeoutMs)]),
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const answer = {
        request,
        status: response.status,
        headers: response.headers,
        body: parse(text),
      };
      this.#hideTokens(answer.body);
      return answer;
    } catch (error) {
      throw new NoAnswer(`no answer to ${request}: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** The value as short text, without the passwords and tokens of this run. */
  show(value: unknown): string {
    let text = typeof value === 'string' ? value : JSON.stringify(value);
    for (const hidden of this.#hidden) text = text.replaceAll(hidden, '<hidden>');
    return text.length > 400 ? `${text.slice(0, 399)}…` : text;
  }

  #hideTokens(body: unknown): void {
    if (typeof body !== 'object' || body === null) return;
    for (const name of ['accessToken', 'refreshToken']) {
      const token = (body as Record<string, unknown>)[name];
      if (typeof token === 'string' && token !== '') this.hide(token);
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as {
    name?: string;
    message?: string;
    cause?: { code?: string };
  };
  if (name === 'TimeoutError') return 'not in time';
  return cause?.code ?? message ?? String(error);
}
