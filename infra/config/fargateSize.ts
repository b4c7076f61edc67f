/** A size that Fargate offers. Source: "Task CPU and memory" in the Amazon ECS developer guide. */
export interface FargateSize {
  /** CPU units, 1024 to a vCPU. */
  cpu: number;
  /** MiB. */
  memoryMb: number;
}

/** CPU units → the memory they come with: from, to and step, MiB. */
const ranges: [cpu: number, from: number, to: number, step: number][] = [
  [256, 512, 2048, 0],
  [512, 1024, 4096, 1024],
  [1024, 2048, 8192, 1024],
  [2048, 4096, 16384, 1024],
  [4096, 8192, 30720, 1024],
  [8192, 16384, 61440, 4096],
  [16384, 32768, 122880, 8192],
];

/**
 * The smallest size that has at least so much, for tasks whose exact size nobody chose; none when
 * there is no such size.
 */
export function smallestFargateSize(cpus: number, memoryMb: number): FargateSize | undefined {
  return sizes().find((size) => size.cpu >= cpus * 1024 && size.memoryMb >= memoryMb);
}

/**
 * The fault of a size that somebody chose, and sizes that would be right; none when Fargate
 * offers it.
 */
export function fargateFault(cpus: number, memoryMb: number): string | undefined {
  const ofCpu = sizes().filter((size) => size.cpu === cpus * 1024);
  if (ofCpu.length === 0) {
    return `Fargate offers ${ranges.map(([cpu]) => cpu / 1024).join(', ')} vCPUs, not ${cpus}`;
  }
  if (ofCpu.some((size) => size.memoryMb === memoryMb)) return undefined;
  const memories = ofCpu.map((size) => size.memoryMb);
  const choices =
    memories.length <= 4
      ? memories.join(', ')
      : `${memories[0]} to ${memories.at(-1)} in steps of ${(memories[1] ?? 0) - (memories[0] ?? 0)}`;
  return `with ${cpus} vCPU Fargate offers ${choices} MiB, not ${memoryMb}`;
}

/** Every size, the cheapest first. */
function sizes(): FargateSize[] {
  return ranges.flatMap(([cpu, from, to, step]) => {
    if (step === 0) return [512, 1024, 2048].map((memoryMb) => ({ cpu, memoryMb }));
    return Array.from({ length: (to - from) / step + 1 }, (_, index) => ({
      cpu,
      memoryMb: from + index * step,
    }));
  });
}
