import { expect, test } from '@jupyterlab/galata';
import * as path from 'path';

/**
 * Takes the pictures of "Reading a run": progress, a result with failures, and its plot.
 */
const IMAGES = path.resolve(__dirname, '../../docs/images');

const START = `import parflow_jupyter as pf
_ = pf.start_engines(2)`;

const MAP = `import random, time

def fit(x):
    time.sleep(random.uniform(0.05, 0.4) * (3 if x % 11 == 0 else 1))
    if x % 9 == 4:
        raise ValueError(f"no fit for {x}")
    if x % 7 == 3:
        print("took the second start for", x)
    return x * x

result = pf.parallel_map(fit, range(40), on_error="collect", retries=1)`;

function notebookOf(sources: string[]): string {
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: 'python3', display_name: 'Python 3', language: '' }
    },
    cells: sources.map((source, index) => ({
      id: `cell-${index}`,
      cell_type: 'code',
      source,
      metadata: {},
      execution_count: null,
      outputs: []
    }))
  });
}

for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
  test(`reading a run in ${theme}`, async ({ page, tmpPath }) => {
    const suffix = theme.endsWith('Dark') ? '-dark' : '';
    const picture = (name: string) =>
      path.join(IMAGES, `reading-${name}${suffix}.png`);
    await page.theme.setTheme(theme);
    await page.setViewportSize({ width: 1100, height: 1200 });
    await page.contents.uploadContent(
      notebookOf([START, MAP, 'result', '_ = result.plot()']),
      'text',
      `${tmpPath}/run.ipynb`
    );
    await page.notebook.openByPath(`${tmpPath}/run.ipynb`);
    await page.notebook.activate('run.ipynb');
    await page.sidebar.close('left');
    await page.notebook.runCell(0, true);
    const cell = (index: number) => page.locator('.jp-CodeCell').nth(index);

    await page.notebook.selectCells(1);
    void page.keyboard.press('Control+Enter');
    const bar = cell(1).getByRole('progressbar');
    await expect
      .poll(async () => Number(await bar.getAttribute('aria-valuenow')), {
        intervals: [50]
      })
      .toBeGreaterThan(15);
    await expect(cell(1)).toContainText('left');
    await cell(1)
      .locator('.jp-Cell-outputArea')
      .screenshot({
        path: picture('progress')
      });
    await expect(bar).toHaveAttribute('aria-valuenow', '40');

    await page.notebook.runCell(2, true);
    const button = cell(2).getByRole('button', { name: /Retry failed/ });
    await expect(button).toBeVisible();
    await cell(2).getByText('no fit for 13').first().click();
    await cell(2)
      .locator('.jp-Cell-outputArea')
      .screenshot({
        path: picture('result')
      });

    await page.notebook.runCell(3, true);
    await expect(cell(3).locator('img')).toBeVisible();
    await cell(3)
      .locator('.jp-Cell-outputArea')
      .screenshot({
        path: picture('plot')
      });
    await page.notebook.addCell('code', 'pf.shutdown_cluster()');
    await page.notebook.runCell(4, true);
  });
}
