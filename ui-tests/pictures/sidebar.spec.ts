import { expect, runInNotebook, test } from '../tests/story';
import * as path from 'path';

/** The sidebar alone, while two engines run a map: `jlpm pictures`. */
const IMAGES = path.resolve(__dirname, '../../docs/images');

const MAPS = `import parflow_jupyter as pf, time

def thumbnail(x):
    time.sleep(0.2)
    if x == 7:
        raise ValueError("no image")

def squares(x):
    return x * x

pf.parallel_map(squares, range(1000), progress=False)
result = pf.parallel_map(thumbnail, range(400), on_error="collect", block=False)`;

for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
  test(`sidebar in ${theme}`, async ({ page, panel, dialog, tmpPath }) => {
    await page.theme.setTheme(theme);
    await page.setViewportSize({ width: 1200, height: 960 });
    await page.sidebar.openTab('parflow-jupyter-panel');
    await panel
      .getByRole('button', { name: 'Start new engine processes' })
      .click();
    await dialog.getByRole('textbox', { name: 'Number of engines' }).fill('2');
    await dialog.getByRole('button', { name: 'Start', exact: true }).click();
    await expect(panel.getByRole('row', { name: /idle/ })).toHaveCount(2);

    await page.sidebar.openTab('filebrowser');
    await runInNotebook(page, tmpPath, MAPS);
    await page.sidebar.openTab('parflow-jupyter-panel');
    await page.sidebar.setWidth(330);
    await panel.getByText('Recent runs').click();
    await expect(panel.getByRole('row', { name: /busy/ })).toHaveCount(2);
    await expect(panel).toContainText('1 failed');
    await panel.getByRole('row', { name: /^1 / }).hover();
    const name = theme.endsWith('Dark') ? 'sidebar-dark' : 'sidebar';
    await panel.screenshot({ path: path.join(IMAGES, `${name}.png`) });

    await panel
      .getByRole('button', { name: 'Request cluster shutdown' })
      .click();
    await dialog.getByRole('button', { name: 'Shut down' }).click();
    await expect(panel).toContainText('No engines yet');
  });
}
