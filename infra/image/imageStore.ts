import type { EngineApi, EngineImage } from '../docker-engine/engineApi.ts';

/** Where an image that exists already is looked for. */
export interface ImageStore {
  /** Completes "is not on …". */
  place: string;
  /** False where the engine itself cannot be asked: then only ids can be looked for. */
  knowsNames: boolean;
  /** @returns `undefined` when it is not there */
  image(nameOrId: string): Promise<StoredImage | undefined>;
}

export type StoredImage = Omit<EngineImage, 'content'>;

/** The Docker engine alone. */
export const onEngine = (engine: EngineApi): ImageStore => ({
  place: engine.host,
  knowsNames: engine.reachable,
  image: (nameOrId) => engine.image(nameOrId),
});
