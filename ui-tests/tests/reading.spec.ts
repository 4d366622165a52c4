import { expect, openNotebook, test } from './story';

/** A map of a few seconds, of which some items fail until a file is there. */
const SOURCE = `import pathlib, time
import parflow_jupyter as pf

gate = pathlib.Path('gate')

def careful(x):
    time.sleep(0.05)
    if x % 4 == 1 and not gate.exists():
        raise ValueError(f'not yet: {x}')
    return x

result = pf.parallel_map(careful, range(60), scheme='serial', on_error='collect')
result`;

test('a scientist closes the notebook in the middle of a map, and retries what failed', async ({
  page,
  tmpPath
}) => {
  const cell = page.locator('.jp-CodeCell');
  const run = async (index: number, source: string) => {
    await page.notebook.addCell('code', source);
    expect(await page.notebook.runCell(index, true)).toBe(true);
  };

  await test.step('clear the output while the map runs', async () => {
    await openNotebook(page, tmpPath, SOURCE);
    await page.notebook.selectCells(0);
    await page.keyboard.press('Control+Enter');
    const bar = cell.first().getByRole('progressbar');
    await expect(bar).toBeVisible();
    await page.menu.clickMenuItem('Edit>Clear Outputs of All Cells');
    await expect(bar).toBeHidden();
  });

  await test.step('close the notebook, and open it again', async () => {
    await page.notebook.close(true);
    await page.notebook.openByPath(`${tmpPath}/story.ipynb`);
    await page.notebook.activate('story.ipynb');
    await run(1, 'pf.last_result()');
    await expect(cell.nth(1)).toContainText('60 items, 15 failed');
    await expect(cell.nth(1)).toContainText('not yet: 1');
  });

  await test.step('retry what failed', async () => {
    await run(2, 'gate.touch()');
    await cell
      .nth(1)
      .getByRole('button', { name: 'Retry failed (15)' })
      .click();
    await expect(cell.nth(1)).not.toContainText('not yet');
    await expect(cell.nth(1)).toContainText('All items have a result.');
    await run(3, 'print(result == list(range(60)))');
    await expect(cell.nth(3)).toContainText('True');
  });
});
