import { createRequire } from 'node:module';
import type * as EngineGrpc from '@pulumi/pulumi/proto/engine_grpc_pb.js';
import type * as EngineProto from '@pulumi/pulumi/proto/engine_pb.js';
import type * as Grpc from '@grpc/grpc-js';

// The generated stubs are CommonJS.
const require = createRequire(import.meta.url);
const { EngineClient } = require('@pulumi/pulumi/proto/engine_grpc_pb.js') as typeof EngineGrpc;
const { LogRequest, LogSeverity } =
  require('@pulumi/pulumi/proto/engine_pb.js') as typeof EngineProto;
const grpc = require('@grpc/grpc-js') as typeof Grpc;

export type Severity = 'info' | 'warning' | 'error';

/** Shows lines live in the update, under the resource they belong to. */
export class EngineLog {
  readonly #client: EngineGrpc.EngineClient | undefined;
  /** Lines of one resource belong together and come in order. */
  readonly #streams = new Map<string, number>();
  #last: Promise<void> = Promise.resolve();

  /** @param address `host:port` of the engine; empty for no log at all */
  constructor(address: string) {
    if (address) this.#client = new EngineClient(address, grpc.credentials.createInsecure());
  }

  /** @param urn the resource the line belongs to */
  line(urn: string, message: string, severity: Severity = 'info'): Promise<void> {
    const client = this.#client;
    if (!client) return Promise.resolve();
    const stream = this.#streams.get(urn) ?? this.#streams.size + 1;
    this.#streams.set(urn, stream);
    const request = new LogRequest();
    const severities = {
      info: LogSeverity.INFO,
      warning: LogSeverity.WARNING,
      error: LogSeverity.ERROR,
    };
    request.setSeverity(severities[severity]);
    request.setMessage(`${message}\n`);
    request.setUrn(urn);
    request.setStreamid(stream);
    // A line that the engine no longer takes must not fail the work it describes.
    this.#last = this.#last.then(
      () => new Promise<void>((resolve) => client.log(request, () => resolve())),
    );
    return this.#last;
  }
}
