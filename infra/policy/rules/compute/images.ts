import { baseImages } from '../../../docker-engine/baseImages.ts';
import type { Rule } from '../rule.ts';
import { containerName, taskContainers } from './ecs.ts';

const byDigest = /@sha256:[0-9a-f]{64}$/;
const imageId = /^sha256:[0-9a-f]{64}$/;

export const imageRules: Rule[] = [
  {
    id: 'ecs-image-by-digest',
    controls: [],
    title: 'Tasks name their image by its digest',
    severity: 'high',
    level: 'mandatory',
    fix: 'Name the image as <repository>@sha256:…: a tag may mean another image tomorrow.',
    types: ['aws:ecs/taskDefinition:TaskDefinition'],
    check: (task, report) =>
      report.each(taskContainers(task), (container) => {
        const image = container.get('image').text() ?? '';
        if (!byDigest.test(image))
          report.violation(`${containerName(container)} runs ${image || 'no image'}`);
      }),
  },
  {
    id: 'docker-image-by-id',
    controls: [],
    title: 'Containers name their image by its id, its digest, or as one of the base images',
    severity: 'medium',
    level: 'mandatory',
    note: 'Base images (infra/docker-engine/baseImages.ts) have no digest where they were built on the machine.',
    fix: 'Name the image by its id (platform.image.imageId) or digest, or add it to infra/docker-engine/baseImages.ts.',
    types: ['docker:index/container:Container'],
    check: ({ props }, report) => {
      const image = props.get('image').text() ?? '';
      const known: string[] = Object.values(baseImages);
      if (!imageId.test(image) && !byDigest.test(image) && !known.includes(image)) {
        report.violation(`it runs ${image || 'no image'}`);
      }
    },
  },
];
