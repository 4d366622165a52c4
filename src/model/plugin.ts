import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { createApi } from '../api/client';
import { IClustersModel } from '../tokens';
import { ClustersModel } from './clusters';
import { activeKernel } from './kernel';

export const modelPlugin: JupyterFrontEndPlugin<IClustersModel> = {
  id: 'parflow-jupyter:model',
  description: 'Provides the state of the cluster of engines.',
  autoStart: true,
  provides: IClustersModel,
  activate: app =>
    new ClustersModel({
      api: createApi(app.serviceManager.serverSettings),
      events: app.serviceManager.events.stream,
      activeKernel: () => activeKernel(app.shell.currentWidget)
    })
};
