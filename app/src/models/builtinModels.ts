import type { ChatModel, Turn } from './chatModel.ts';

/** Repeats the last message. */
const echo: ChatModel = {
  historyLimit: 1,
  async *reply(history) {
    yield `You said: ${lastOf(history)}`;
    await Promise.resolve();
  },
};

/** Each rule: a pattern of questions, and the answer. The first rule that matches wins. */
const rules: [RegExp, string][] = [
  [
    /\b(hello|hi|hey|good (morning|evening|day))\b/i,
    'Hello! I am the model built into Slipway. Ask me about migrations, releases or models.',
  ],
  [
    /\bmigrat/i,
    'Migrations run as a one-off task of the new image, before any service changes. If one fails, its file is rolled back whole and the old version keeps serving.',
  ],
  [
    /\b(release|deploy|rollout|promote)/i,
    'A release starts beside the old version, has to prove that it is healthy, and only then gets traffic. `make promote` takes the very image that was verified in dev to prod.',
  ],
  [
    /\bmodels?\b/i,
    'GET /api/models lists the models; POST /api/models/switch chooses the one for your next conversations.',
  ],
  [
    /\b(help|what can you do|who are you)\b/i,
    'I answer simple questions about Slipway, without any network. Connect a real model for everything else.',
  ],
  [/\bthank/i, 'You are welcome.'],
];

/** Answers simple questions by fixed rules: enough to try the whole system without a network. */
const guide: ChatModel = {
  historyLimit: 1,
  async *reply(history) {
    const question = lastOf(history);
    const rule = rules.find(([pattern]) => pattern.test(question));
    yield (
      rule?.[1] ??
      `I am a small built-in model and have no answer to "${shorten(question)}". Ask me about migrations, releases or models.`
    );
    await Promise.resolve();
  },
};

/** The models that come with every image, by their id in the table `models`. */
export const builtinModels: Readonly<Record<string, ChatModel>> = {
  'slipway-echo': echo,
  'slipway-guide': guide,
};

const lastOf = (history: Turn[]): string => history.at(-1)?.content ?? '';

function shorten(text: string): string {
  const characters = [...text.replace(/\s+/g, ' ').trim()];
  return characters.length > 80 ? `${characters.slice(0, 79).join('')}…` : characters.join('');
}
