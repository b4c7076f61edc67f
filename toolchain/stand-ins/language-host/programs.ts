import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type grpc from '@grpc/grpc-js';
import messages, {
  type ProgramInfo,
  type RunPluginRequest,
  type RunRequest,
} from '@pulumi/pulumi/proto/language_pb.js';

/** The exit code by which a program says that it has reported its error itself. */
const alreadyReported = 32;
const children = new Set<ChildProcess>();

export function killPrograms(): void {
  for (const child of children) child.kill();
}

/** Runs a Pulumi program to its end. */
export function runProgram(
  request: RunRequest,
  info: ProgramInfo,
  engineAddress: string,
): Promise<messages.RunResponse> {
  const options = (info.getOptions()?.toJavaScript() ?? {}) as {
    nodeargs?: string;
    typescript?: boolean;
  };
  const child = spawn(
    process.execPath,
    [
      ...(options.nodeargs ?? '').split(' ').filter(Boolean),
      sdkEntry(info.getProgramDirectory(), 'run'),
      ...runArguments(request, info, engineAddress),
    ],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      cwd: request.getPwd() || info.getProgramDirectory(),
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        PULUMI_NODEJS_TYPESCRIPT: String(options.typescript ?? true),
      },
    },
  );
  return new Promise((resolve) =>
    whenEnded(child, (code, problem) => {
      const response = new messages.RunResponse();
      if (code === alreadyReported) response.setBail(true);
      else if (code !== 0) response.setError(problem);
      resolve(response);
    }),
  );
}

function runArguments(request: RunRequest, info: ProgramInfo, engineAddress: string): string[] {
  const flags = {
    monitor: request.getMonitorAddress(),
    engine: engineAddress,
    organization: request.getOrganization(),
    project: request.getProject(),
    stack: request.getStack(),
    pwd: request.getPwd(),
    'root-directory': info.getRootDirectory(),
    parallel: String(request.getParallel()),
  };
  return [
    ...Object.entries(flags).flatMap(([name, value]) => (value ? [`--${name}`, value] : [])),
    ...(request.getDryrun() ? ['--dry-run'] : []),
    info.getEntryPoint(),
    ...request.getArgsList(),
  ];
}

/**
 * Policy packs, and providers written in TypeScript, are programs that the engine starts through
 * us.
 */
export function runPlugin(
  call: grpc.ServerWritableStream<RunPluginRequest, messages.RunPluginResponse>,
): void {
  const { request } = call;
  const folder = request.getInfo()?.getProgramDirectory() ?? request.getPwd();
  const entry = sdkEntry(
    folder,
    request.getKind() === 'analyzer' ? 'run-policy-pack' : 'run-plugin',
  );
  const env = {
    ...process.env,
    ...Object.fromEntries(request.getEnvList().map((pair) => splitOnce(pair, '='))),
  };
  const child = spawn(process.execPath, [entry, ...request.getArgsList(), folder], {
    cwd: folder,
    env,
  });
  child.stdout.on('data', (chunk: Uint8Array) =>
    call.write(new messages.RunPluginResponse().setStdout(chunk)),
  );
  child.stderr.on('data', (chunk: Uint8Array) =>
    call.write(new messages.RunPluginResponse().setStderr(chunk)),
  );
  call.on('cancelled', () => child.kill());
  whenEnded(child, (code) => {
    call.write(new messages.RunPluginResponse().setExitcode(code));
    call.end();
  });
}

function sdkEntry(folder: string, name: string): string {
  return createRequire(join(folder, 'x.js')).resolve(`@pulumi/pulumi/cmd/${name}`);
}

function whenEnded(child: ChildProcess, done: (code: number, problem: string) => void): void {
  children.add(child);
  child.on('error', (error) => done(1, error.message));
  child.on('close', (code, signal) => {
    children.delete(child);
    done(
      code ?? 1,
      signal ? `The program was ended by ${signal}` : `The program ended with exit code ${code}`,
    );
  });
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}
