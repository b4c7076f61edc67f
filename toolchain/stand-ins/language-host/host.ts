/**
 * pulumi-language-nodejs, for places where the official one cannot be downloaded: the server
 * through which the engine runs a Node program. Installed as one bundled file beside the engine
 * (toolchain/pulumi/pulumiEngine.ts).
 */
import { readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import grpc from '@grpc/grpc-js';
import services from '@pulumi/pulumi/proto/language_grpc_pb.js';
import messages, {
  type GetProgramDependenciesRequest,
  type RunRequest,
} from '@pulumi/pulumi/proto/language_pb.js';
import plugins from '@pulumi/pulumi/proto/plugin_pb.js';
import { exitWithParent } from '../../../infra/exitWithParent.ts';
import { dependencies, requiredPackages } from './packages.ts';
import { killPrograms, runPlugin, runProgram } from './programs.ts';

/** The engine this host was tried with; another one may expect more of it. */
const triedWith = '3.259.0';
let engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith('-')) ?? '';

type Unary<Q, A> = (call: grpc.ServerUnaryCall<Q, A>, answer: grpc.sendUnaryData<A>) => void;

const run: Unary<RunRequest, messages.RunResponse> = ({ request }, answer) => {
  const info = request.getInfo();
  if (info) {
    void runProgram(request, info, engineAddress).then((response) => answer(null, response));
    return;
  }
  answer({ code: grpc.status.INVALID_ARGUMENT, details: 'The engine named no program to run.' });
};

const getProgramDependencies: Unary<
  GetProgramDependenciesRequest,
  messages.GetProgramDependenciesResponse
> = ({ request }, answer) => {
  const list = dependencies(request.getInfo()?.getRootDirectory() ?? '.').map(({ name, version }) =>
    new messages.DependencyInfo().setName(name).setVersion(version),
  );
  answer(null, new messages.GetProgramDependenciesResponse().setDependenciesList(list));
};

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
process.on('exit', killPrograms);
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
  getProgramDependencies,
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
