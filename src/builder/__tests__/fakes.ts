import type { IPipelineDocument } from '../wire';

/** find_images → thumbnail (a map) → montage, and nothing after montage. */
export const PIPELINE: IPipelineDocument = {
  name: 'thumbnails',
  modules: [
    {
      id: 'a',
      name: 'find_images',
      function: 'photos:find_images',
      inputs: [{ name: 'folder', type: 'str', depth: 0, required: true }],
      outputs: [{ name: 'result', type: 'str', depth: 1 }],
      parameters: { folder: 'photos' },
      map: null
    },
    {
      id: 'b',
      name: 'thumbnail',
      function: 'photos:thumbnail',
      inputs: [
        { name: 'path', type: 'str', depth: 1, required: true },
        { name: 'size', type: 'int', depth: 0, required: false, default: 128 }
      ],
      outputs: [{ name: 'result', type: 'ndarray', depth: 1 }],
      parameters: { size: 64 },
      map: { over: ['path'] }
    },
    {
      id: 'c',
      name: 'montage',
      function: 'photos:montage',
      inputs: [{ name: 'images', type: 'ndarray', depth: 1, required: true }],
      outputs: [{ name: 'result', type: 'ndarray', depth: 0 }],
      parameters: {},
      map: null
    }
  ],
  connections: [{ from: ['a', 'result'], to: ['b', 'path'] }],
  layout: { a: [0, 0], b: [300, 0], c: [600, 0] }
};
