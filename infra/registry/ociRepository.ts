import { createHash } from 'node:crypto';

/** What a registry says about a manifest or a blob. */
export interface Descriptor {
  mediaType: string;
  /** `sha256:…` */
  digest: string;
  /** Bytes. */
  size: number;
}

/** Something that belongs to an image and lies beside it, such as a proof. */
export interface Artifact {
  mediaType: string;
  content: string;
  annotations: Record<string, string>;
  /** A name of its own: what has none, a registry may tidy away. */
  tag: string;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const imageTypes = [manifestType, 'application/vnd.docker.distribution.manifest.v2+json'];
const empty = { mediaType: 'application/vnd.oci.empty.v1+json', content: '{}' };

/**
 * One repository of a registry, by the protocol that every registry speaks. Source: OCI
 * distribution specification 1.1. The kept clients of npm ask for a challenge that an emulator does
 * not give, and read no blobs.
 */
export class OciRepository {
  readonly #url: string;
  readonly #authorization: string;

  /**
   * @param host such as `123456789012.dkr.ecr.eu-central-1.amazonaws.com`; plain HTTP on this
   *   machine alone, as Docker does it
   */
  constructor(host: string, name: string, login: { username: string; password: string }) {
    const local = /^(localhost|127\.0\.0\.1)(:|$)/.test(host);
    this.#url = `${local ? 'http' : 'https'}://${host}/v2/${name}`;
    const credentials = Buffer.from(`${login.username}:${login.password}`);
    this.#authorization = `Basic ${credentials.toString('base64')}`;
  }

  /** @throws Error when it is not there, or is not what its digest says */
  async blob(digest: string): Promise<Buffer> {
    const response = await this.#send('GET', `blobs/${digest}`, [200]);
    const content = Buffer.from(await response.arrayBuffer());
    if (digestOf(content) !== digest) throw new Error(`${digest} came back as other bytes`);
    return content;
  }

  /**
   * Puts an artifact beside an image, as a manifest that names the image as its subject.
   *
   * @param imageDigest of the image's manifest
   * @returns the artifact's own digest
   */
  async attach(imageDigest: string, artifact: Artifact): Promise<string> {
    const image = await this.#send('HEAD', `manifests/${imageDigest}`, [200], {
      headers: { accept: imageTypes.join(', ') },
    });
    const subject = {
      mediaType: image.headers.get('content-type') ?? manifestType,
      digest: imageDigest,
      size: Number(image.headers.get('content-length')),
    };
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      artifactType: artifact.mediaType,
      config: await this.#upload(empty),
      layers: [await this.#upload(artifact)],
      subject,
      annotations: artifact.annotations,
    });
    await this.#send('PUT', `manifests/${artifact.tag}`, [201], {
      headers: { 'content-type': manifestType },
      body: manifest,
    });
    return digestOf(manifest);
  }

  async #upload(blob: { mediaType: string; content: string }): Promise<Descriptor> {
    const digest = digestOf(blob.content);
    const size = Buffer.byteLength(blob.content);
    const found = await this.#send('HEAD', `blobs/${digest}`, [200, 404]);
    if (found.status === 404) {
      const begun = await this.#send('POST', 'blobs/uploads/', [202]);
      const location = new URL(begun.headers.get('location') ?? '', `${this.#url}/`);
      location.searchParams.set('digest', digest);
      await this.#send('PUT', location.href, [201], {
        headers: { 'content-type': 'application/octet-stream' },
        body: blob.content,
      });
    }
    return { mediaType: blob.mediaType, digest, size };
  }

  async #send(
    method: string,
    path: string,
    expected: number[],
    request: { headers?: Record<string, string>; body?: string } = {},
  ): Promise<Response> {
    const url = path.startsWith('http') ? path : `${this.#url}/${path}`;
    const response = await fetch(url, {
      method,
      ...request,
      headers: { ...request.headers, authorization: this.#authorization },
      signal: AbortSignal.timeout(30_000),
    });
    if (expected.includes(response.status)) return response;
    const text = (await response.text()).slice(0, 300);
    throw new Error(`the registry answers ${response.status} to ${method} ${url}: ${text}`);
  }
}

const digestOf = (content: string | Buffer): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;
