/**
 * pulumi-language-nodejs, for places where the official one cannot be downloaded: the server
 * through which the engine runs a Node program. Installed as one bundled file beside the engine
 * (toolchain/pulumi/pulumiEngine.ts).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import grpc from '@grpc/grpc-js';
import services from '@pulumi/pulumi/proto/language_grpc_pb.js';
import messages, {
  type GetProgramDependenciesRequest,
  type RunPluginRequest,
  type RunRequest,
} from '@pulumi/pulumi/proto/language_pb.js';
import plugins from '@pulumi/pulumi/proto/plugin_pb.js';
import { exitWithParent } from '../../../infra/exitWithParent.ts';

/** The engine this host was tried with; another one may expect more of it. */
const triedWith = '3.259.0';
/** The exit code by which a program says that it has reported its error itself. */
const alreadyReported = 32;
const children = new Set<ChildProcess>();
let engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith('-')) ?? '';

type Unary<Q, A> = (call: grpc.ServerUnaryCall<Q, A>, answer: grpc.sendUnaryData<A>) => void;

const run: Unary<RunRequest, messages.RunResponse> = ({ request }, answer) => {
  const info = request.getInfo();
  if (!info)
    return answer({
      code: grpc.status.INVALID_ARGUMENT,
      details: 'The engine named no program to run.',
    });
  const options = (info.getOptions()?.toJavaScript() ?? {}) as {
    nodeargs?: string;
    typescript?: boolean;
  };
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
  const child = spawn(
    process.execPath,
    [
      ...(options.nodeargs ?? '').split(' ').filter(Boolean),
      sdkEntry(info.getProgramDirectory(), 'run'),
      ...Object.entries(flags).flatMap(([name, value]) => (value ? [`--${name}`, value] : [])),
      ...(request.getDryrun() ? ['--dry-run'] : []),
      info.getEntryPoint(),
      ...request.getArgsList(),
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
  whenEnded(child, (code, problem) => {
    const response = new messages.RunResponse();
    if (code === alreadyReported) response.setBail(true);
    else if (code !== 0) response.setError(problem);
    answer(null, response);
  });
};

/**
 * Policy packs, and providers written in TypeScript, are programs that the engine starts through
 * us.
 */
function runPlugin(
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

/**
 * The plugins that are installed for packages of the program. What is not installed is not named:
 * the engine would fetch it before the program starts, also when this stack never uses it. It asks
 * again at the first resource that does.
 */
function requiredPackages(folder: string): { name: string; version: string }[] {
  const require = createRequire(join(folder, 'x.js'));
  const installed = readdirOrEmpty(
    join(process.env['PULUMI_HOME'] ?? join(homedir(), '.pulumi'), 'plugins'),
  );
  return installed.flatMap((entry) => {
    const [, name, version] = /^resource-([a-z-]+)-v([0-9.]+)$/.exec(entry) ?? [];
    if (!name || !version) return [];
    try {
      const manifest = JSON.parse(
        readFileSync(require.resolve(`@pulumi/${name}/package.json`), 'utf8'),
      ) as {
        version: string;
      };
      return manifest.version === version ? [{ name, version }] : [];
    } catch {
      return []; // not a package of this program
    }
  });
}

function dependencies(
  request: GetProgramDependenciesRequest,
): messages.GetProgramDependenciesResponse {
  const folder = request.getInfo()?.getRootDirectory() ?? '.';
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const all = Object.entries({ ...manifest['dependencies'], ...manifest['devDependencies'] });
  const list = all.map(([name, version]) =>
    new messages.DependencyInfo().setName(name).setVersion(version),
  );
  return new messages.GetProgramDependenciesResponse().setDependenciesList(list);
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

function readdirOrEmpty(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function refuseAnotherEngine(): void {
  let engine: string;
  try {
    engine = readlinkSync(`/proc/${process.ppid}/exe`);
  } catch {
    return; // no /proc, or not ours to read
  }
  const own = dirname(process.argv[1] ?? '');
  if (!engine.startsWith(own) || !own.includes(triedWith)) {
    process.stderr.write(
      `This language host was tried with Pulumi ${triedWith} only, and ${engine} started it. Type \`make up\`.\n`,
    );
    process.exit(1);
  }
}

refuseAnotherEngine();
exitWithParent();
process.on('exit', () => children.forEach((child) => child.kill()));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0));

const server = new grpc.Server({
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
});
server.addService(services.LanguageRuntimeService, {
  handshake: (({ request }, answer) => {
    engineAddress = request.getEngineAddress();
    answer(null, new messages.LanguageHandshakeResponse());
  }) as Unary<messages.LanguageHandshakeRequest, messages.LanguageHandshakeResponse>,
  getPluginInfo: ((_, answer) =>
    answer(null, new plugins.PluginInfo().setVersion(triedWith))) as Unary<
    unknown,
    plugins.PluginInfo
  >,
  getRequiredPackages: (({ request }, answer) => {
    const found = requiredPackages(request.getInfo()?.getProgramDirectory() ?? '.');
    const list = found.map(({ name, version }) =>
      new plugins.PackageDependency().setName(name).setKind('resource').setVersion(`v${version}`),
    );
    answer(null, new messages.GetRequiredPackagesResponse().setPackagesList(list));
  }) as Unary<messages.GetRequiredPackagesRequest, messages.GetRequiredPackagesResponse>,
  getRequiredPlugins: ((_, answer) =>
    answer(null, new messages.GetRequiredPluginsResponse())) as Unary<
    unknown,
    messages.GetRequiredPluginsResponse
  >,
  about: ((_, answer) =>
    answer(
      null,
      new messages.AboutResponse().setExecutable(process.execPath).setVersion(process.version),
    )) as Unary<unknown, messages.AboutResponse>,
  getProgramDependencies: (({ request }, answer) => answer(null, dependencies(request))) as Unary<
    GetProgramDependenciesRequest,
    messages.GetProgramDependenciesResponse
  >,
  runtimeOptionsPrompts: ((_, answer) =>
    answer(null, new messages.RuntimeOptionsResponse())) as Unary<
    unknown,
    messages.RuntimeOptionsResponse
  >,
  run,
  runPlugin,
});
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
