import {
  expect,
  test as base,
  type IJupyterLabPageFixture
} from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { clusterProcesses } from './processes';

export { expect };

interface IStory {
  /** The sidebar panel; it must be opened first. */
  panel: Locator;
  /** The dialog that is open. */
  dialog: Locator;
  /** The panel, opened, while no cluster runs. */
  idlePanel: Locator;
  /** Fails a story that leaves a process, and ends it, so that only that one fails. */
  leavesNothing: void;
}

export const test = base.extend<IStory>({
  panel: async ({ page }, use) => {
    await use(page.getByRole('region', { name: 'Parallel Flow' }));
  },

  dialog: async ({ page }, use) => {
    await use(page.getByRole('dialog'));
  },

  idlePanel: async ({ page, panel }, use) => {
    await page.sidebar.openTab('parflow-jupyter-panel');
    await expect(panel).toContainText('No engines yet');
    await use(panel);
  },

  leavesNothing: [
    async ({ request }, use) => {
      await use();
      try {
        await expect.poll(clusterProcesses, { timeout: 15000 }).toEqual([]);
      } catch (error) {
        await request.post('/parflow/cluster/shutdown', { data: {} });
        throw error;
      }
    },
    { auto: true }
  ]
});

/** Open a notebook of one cell. */
export async function openNotebook(
  page: IJupyterLabPageFixture,
  folder: string,
  source: string
): Promise<void> {
  const cell = {
    id: 'only',
    cell_type: 'code',
    source,
    metadata: {},
    execution_count: null,
    outputs: []
  };
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: 'python3', display_name: 'Python 3', language: '' }
    },
    cells: [cell]
  };
  await page.contents.uploadContent(
    JSON.stringify(notebook),
    'text',
    `${folder}/story.ipynb`
  );
  await page.notebook.openByPath(`${folder}/story.ipynb`);
  await page.notebook.activate('story.ipynb');
}

/** Open a notebook of one cell, and run it. */
export async function runInNotebook(
  page: IJupyterLabPageFixture,
  folder: string,
  source: string
): Promise<void> {
  await openNotebook(page, folder, source);
  await page.notebook.run();
}
