import { expect, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import * as fs from 'fs';
import * as path from 'path';

/**
 * Takes the pictures of the documentation: `jlpm pictures`.
 */
const IMAGES = path.resolve(__dirname, '../../docs/images');
const EXAMPLE = path.resolve(__dirname, '../../examples/galaxies.ipynb');

/** The example, shortened to what one window shows: a notebook, and a script that it begins with. */
function shortened(): { notebook: string; setup: string } {
  const notebook = JSON.parse(fs.readFileSync(EXAMPLE, 'utf8'));
  const sources: string[] = notebook.cells.map(
    (cell: { source: string | string[] }) => [cell.source].flat().join('')
  );
  const find = (text: string) =>
    sources.find(source => source.includes(text)) ?? '';
  const setup = ['skimage import', 'def find_galaxies', 'pf.PipelineBuilder(p)']
    .map(find)
    .join('\n\n')
    .replace(/\nbuilder$/, '');
  notebook.cells = [
    '%run setup.py\n%load_ext parflow_jupyter',
    find('%%parflow map'),
    'builder'
  ].map((source, index) => ({
    id: `overview-${index}`,
    cell_type: 'code',
    source,
    metadata: {},
    execution_count: null,
    outputs: []
  }));
  return { notebook: JSON.stringify(notebook), setup };
}

/** Wait until a third of the map is done, and the sidebar has heard of it. */
async function moment(builder: Locator, panel: Locator): Promise<void> {
  const done = async (place: Locator) =>
    Number(await place.getByRole('progressbar').getAttribute('aria-valuenow'));
  await expect
    .poll(
      async () => {
        const busy = await panel.getByRole('row', { name: /busy/ }).count();
        return busy === 2
          ? Math.min(await done(builder), await done(panel))
          : 0;
      },
      { intervals: [50] }
    )
    .toBeGreaterThan(9);
}

for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
  test(`overview in ${theme}`, async ({ page, tmpPath }) => {
    // It computes for a minute on two idle cores, and longer on busy ones.
    test.setTimeout(300000);
    await page.theme.setTheme(theme);
    const { notebook, setup } = shortened();
    await page.contents.uploadContent(setup, 'text', `${tmpPath}/setup.py`);
    await page.contents.uploadContent(
      notebook,
      'text',
      `${tmpPath}/galaxies.ipynb`
    );
    await page.notebook.openByPath(`${tmpPath}/galaxies.ipynb`);
    await page.notebook.activate('galaxies.ipynb');
    await page.notebook.runCell(0, true);

    await page.sidebar.openTab('parflow-jupyter-panel');
    await page.sidebar.setWidth(350);
    const panel = page.getByRole('region', { name: 'Parallel Flow' });
    await panel
      .getByRole('button', { name: 'Start new engine processes' })
      .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Number of engines' }).fill('2');
    await dialog.getByRole('button', { name: 'Start', exact: true }).click();
    await expect(panel.getByRole('row', { name: /idle/ })).toHaveCount(2);

    await page.notebook.runCell(1, true);
    await page.notebook.runCell(2, true);
    const builder = page.getByRole('group', { name: 'Pipeline galaxies' });
    await builder.getByRole('button', { name: 'Run', exact: true }).click();
    await moment(builder, panel);
    const name = theme.endsWith('Dark') ? 'overview-dark' : 'overview';
    await page.screenshot({ path: path.join(IMAGES, `${name}.png`) });

    await expect(builder.getByText('✓ done')).toHaveCount(3);
    await panel
      .getByRole('button', { name: 'Request cluster shutdown' })
      .click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: 'Shut down' })
      .click();
    await expect(panel).toContainText('No engines yet');
  });
}
