import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { expect, runInNotebook, test } from './story';

/** Press a key until the focus is there, as often as a patient person would. */
async function pressUntilFocused(
  page: IJupyterLabPageFixture,
  key: string,
  target: Locator
): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 60; presses++) {
    if (await target.evaluate(node => node === document.activeElement)) {
      return;
    }
    await page.keyboard.press(key);
  }
  throw new Error(`60 × ${key} did not lead to ${target}.`);
}

test('an engine starts and the cluster shuts down by keyboard alone', async ({
  page,
  panel,
  dialog
}) => {
  await test.step('open the panel', async () => {
    const tabs = page.getByRole('tablist', { name: 'main sidebar' });
    await pressUntilFocused(
      page,
      'Tab',
      tabs.getByRole('tab', { selected: true })
    );
    const tab = tabs.getByRole('tab', { name: 'Parallel Flow' });
    await pressUntilFocused(page, 'ArrowDown', tab);
    await page.keyboard.press('Enter');
    await expect(panel).toContainText('No engines yet');
  });

  await test.step('start one engine', async () => {
    const start = panel.getByRole('button', {
      name: 'Start new engine processes'
    });
    await pressUntilFocused(page, 'Tab', start);
    await page.keyboard.press('Enter');
    await expect(
      dialog.getByRole('textbox', { name: 'Number of engines' })
    ).toBeFocused();
    await page.keyboard.type('1');
    await page.keyboard.press('Enter');
    await expect(dialog).toBeHidden();
    await expect(start).toBeFocused();
    await expect(panel.getByRole('row', { name: /idle/ })).toHaveCount(1);
  });

  await test.step('think twice about the shutdown, then do it', async () => {
    const shutdown = panel.getByRole('button', {
      name: 'Request cluster shutdown'
    });
    await pressUntilFocused(page, 'Tab', shutdown);
    await page.keyboard.press('Enter');
    await expect(dialog).toContainText('the controller and 1 engine');
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(shutdown).toBeFocused();
    await page.keyboard.press('Enter');
    await pressUntilFocused(
      page,
      'Tab',
      dialog.getByRole('button', { name: 'Shut down' })
    );
    await page.keyboard.press('Enter');
    await expect(dialog).toBeHidden();
    await expect(panel).toContainText('No engines yet');
  });
});

const PIPELINE = `import parflow_jupyter as pf

@pf.module
def numbers(n: int = 4) -> list[int]:
    return list(range(n))

@pf.module
def total(xs: list[int]) -> int:
    return sum(xs)

p = pf.Pipeline("sums")
first, last = p.add(numbers), p.add(total)
builder = pf.PipelineBuilder(p)
builder`;

test('two modules are connected and run by keyboard alone', async ({
  page,
  tmpPath
}) => {
  const builder = page.getByRole('group', { name: 'Pipeline sums' });

  await test.step('show the builder', async () => {
    await runInNotebook(page, tmpPath, PIPELINE);
    await expect(builder.getByText('not run yet')).toHaveCount(2);
  });

  await test.step('connect output and input', async () => {
    const output = builder.getByRole('button', {
      name: 'output result of numbers'
    });
    await pressUntilFocused(page, 'Tab', output);
    await page.keyboard.press('Enter');
    await expect(builder.getByRole('status', { name: 'Hint' })).toContainText(
      'output result of numbers is chosen'
    );
    await pressUntilFocused(
      page,
      'Tab',
      builder.getByRole('button', { name: 'input xs of total' })
    );
    await page.keyboard.press('Enter');
    await expect(
      builder.getByRole('textbox', { name: 'value of xs of total' })
    ).toBeHidden();
  });

  await test.step('run the pipeline', async () => {
    const run = builder.getByRole('button', { name: 'Run', exact: true });
    await pressUntilFocused(page, 'Shift+Tab', run);
    await page.keyboard.press('Enter');
    await expect(builder.getByText('✓ done')).toHaveCount(2);
    await expect(run).toBeFocused();
  });
});
