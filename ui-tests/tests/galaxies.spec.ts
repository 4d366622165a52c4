import * as path from 'path';
import { expect, test } from './story';

const NOTEBOOK = 'galaxies.ipynb';

test('a scientist maps over engines from the sidebar and leaves nothing running', async ({
  page,
  panel,
  tmpPath
}) => {
  // It computes for a minute on two idle cores, and longer on busy ones.
  test.setTimeout(300000);
  const cell = (source: string) =>
    page.locator('.jp-CodeCell').filter({ hasText: source });
  const runCell = async (source: string) => {
    const index = await cellIndex(source);
    expect(await page.notebook.runCell(index, true)).toBe(true);
  };
  const cellIndex = (source: string) =>
    page.evaluate(text => {
      const cells = Array.from(document.querySelectorAll('.jp-Cell'));
      return cells.findIndex(element => element.textContent?.includes(text));
    }, source);

  await test.step('open the example', async () => {
    await page.contents.uploadFile(
      path.resolve(__dirname, '../../examples', NOTEBOOK),
      `${tmpPath}/${NOTEBOOK}`
    );
    await page.notebook.openByPath(`${tmpPath}/${NOTEBOOK}`);
    await page.notebook.activate(NOTEBOOK);
  });

  await test.step('start two engines in the sidebar', async () => {
    await page.sidebar.openTab('parflow-jupyter-panel');
    await expect(panel).toContainText('No engines yet');
    await panel
      .getByRole('button', { name: 'Start new engine processes' })
      .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Number of engines' }).fill('2');
    await dialog.getByRole('button', { name: 'Start', exact: true }).click();
    await expect(dialog).toBeHidden();
    await expect(panel.getByRole('row', { name: /idle/ })).toHaveCount(2);
  });

  await test.step('run the map cell on both', async () => {
    for (const source of [
      'skimage import',
      'def find_galaxies',
      'expected =',
      '%load_ext'
    ]) {
      await runCell(source);
    }
    await runCell('%%parflow map tile');
    await expect(cell('%%parflow map tile')).toContainText('36');
    await runCell('assert all(np.array_equal');
    await expect(cell('assert all(np.array_equal')).toContainText(
      'times as fast'
    );
  });

  await test.step('run the pipeline in the builder', async () => {
    await runCell('pf.PipelineBuilder(p)');
    const builder = cell('pf.PipelineBuilder(p)');
    await builder.getByRole('button', { name: 'Run', exact: true }).click();
    await expect(builder.getByRole('progressbar')).toHaveAttribute(
      'aria-valuenow',
      '36',
      { timeout: 120000 }
    );
    await expect(builder.getByText('✓ done')).toHaveCount(3);
  });

  await test.step('shut the cluster down', async () => {
    await panel
      .getByRole('button', { name: 'Request cluster shutdown' })
      .click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: 'Shut down' })
      .click();
    await expect(panel).toContainText('No engines yet');
  });
});
