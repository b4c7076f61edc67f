import { baseImages } from '../../../docker-engine/baseImages.ts';
import type { Rule } from '../rule.ts';
import { taskContainerRule } from '../shapes/taskContainerRule.ts';

const byDigest = /@sha256:[0-9a-f]{64}$/;
const imageId = /^sha256:[0-9a-f]{64}$/;

export const imageRules: Rule[] = [
  taskContainerRule(
    {
      id: 'ecs-image-by-digest',
      title: 'Tasks name their image by digest',
      severity: 'high',
      level: 'mandatory',
      fix: 'Name the image as <repository>@sha256:…: a tag can move to another image.',
    },
    (container) => {
      const image = container.get('image').text();
      return byDigest.test(image ?? '') ? undefined : `runs ${image || 'no image'}`;
    },
  ),
  {
    id: 'docker-image-by-id',
    title: 'Containers name their image by id or digest, or run a base image',
    severity: 'medium',
    level: 'mandatory',
    note: 'A base image (infra/docker-engine/baseImages.ts) has no digest on the machine that built it.',
    fix: 'Name the image by id (platform.image.imageId) or digest, or add it to infra/docker-engine/baseImages.ts.',
    types: ['docker:index/container:Container'],
    check: ({ props }) => {
      const image = props.get('image').text() ?? '';
      const known: string[] = Object.values(baseImages);
      if (imageId.test(image) || byDigest.test(image) || known.includes(image)) return undefined;
      return `it runs ${image || 'no image'}`;
    },
  },
];
